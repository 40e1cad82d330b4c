import type { SampleCollection } from './sample.js';

/** Notes of somebody who makes videos about bread. */
export const youtubeScripts: SampleCollection = {
  name: 'youtube-scripts',
  description: 'Scripts, hooks and lessons of a channel about baking bread at home',
  memories: [
    {
      id: 'yt-hook',
      user: 'mira',
      sector: 'procedural',
      content:
        'Opening of the sourdough video: hold the loaf to the microphone and break it, say nothing for two seconds, then ' +
        'ask "why does mine never sound like that?"',
      tags: ['hook', 'sourdough'],
      metadata: { video: 'sourdough-basics', part: 'hook', seconds: 12 },
      at: '2026-02-03T09:00:00Z',
    },
    {
      id: 'yt-outline',
      user: 'mira',
      sector: 'procedural',
      content:
        'Outline of the sourdough video: 1. the sound of the crust, 2. flour and water by weight, 3. the float test, ' +
        '4. folding instead of kneading, 5. scoring, 6. baking in a lidded pot, 7. patience while it cools.',
      tags: ['outline', 'sourdough'],
      metadata: { video: 'sourdough-basics', part: 'outline' },
      at: '2026-02-03T10:30:00Z',
    },
    {
      id: 'yt-fact',
      user: 'mira',
      sector: 'semantic',
      content: 'Sourdough at 70 % hydration is 700 g of water to 1,000 g of flour; salt is 2 % of the flour.',
      tags: ['facts', 'sourdough'],
      at: '2026-02-04T08:15:00Z',
    },
    {
      id: 'yt-shoot',
      user: 'mira',
      session: 'sample-shooting-day',
      sector: 'episodic',
      content:
        'Filmed the folding scene on Saturday; the north window gave the best light between ten and noon.',
      metadata: { speaker: 'Mira', date: '2026-02-14' },
      at: '2026-02-14T13:00:00Z',
    },
    {
      id: 'yt-mistake',
      user: 'mira',
      session: 'sample-shooting-day',
      sector: 'emotional',
      content:
        'I was so annoyed when the second loaf stuck to the cloth, and then relieved: it is the best scene of all.',
      metadata: { speaker: 'Mira', date: '2026-02-14' },
      at: '2026-02-14T13:05:00Z',
    },
    {
      id: 'yt-lesson',
      user: 'mira',
      sector: 'reflective',
      content:
        'Viewers stay for mistakes that are mended on camera; the polished videos lose them after a minute.',
      tags: ['lesson'],
      metadata: { source: 'comments and retention of six videos' },
      at: '2026-03-01T17:45:00Z',
    },
    {
      id: 'yt-fr',
      user: 'mira',
      sector: 'semantic',
      content:
        'Sous-titres français : « laisser reposer la pâte une nuit au réfrigérateur » plutôt que « fermenter ».',
      tags: ['subtitles', 'français'],
      metadata: { language: 'fr' },
      at: '2026-03-02T11:20:00Z',
    },
    {
      id: 'yt-sponsor',
      user: 'mira',
      sector: 'semantic',
      content:
        'The mill on the river lends two bags of rye flour for the spring videos; name it in the first minute.',
      tags: ['sponsor'],
      at: '2026-03-05T10:00:00Z',
      expires: '2035-12-31T00:00:00Z',
    },
  ],
  links: [
    { from: 'yt-hook', to: 'yt-outline', type: 'part_of', weight: 1 },
    { from: 'yt-fact', to: 'yt-outline', type: 'supports', weight: 0.8, metadata: { step: 2 } },
    { from: 'yt-lesson', to: 'yt-mistake', type: 'learnt_from', weight: 0.9 },
    { from: 'yt-shoot', to: 'yt-outline', type: 'carries_out', weight: 0.6, metadata: { step: 4 } },
  ],
};
