import type { SampleCollection } from './sample.js';

/** Notes of somebody who sells bicycle racks to towns. */
export const crmNotes: SampleCollection = {
  name: 'crm-notes',
  description: 'Customers of a maker of bicycle racks: calls, agreements and what to mind',
  memories: [
    {
      id: 'crm-lindenau-call',
      user: 'tomas',
      session: 'sample-call-lindenau',
      sector: 'episodic',
      content:
        'Frau Albers from the town of Lindenau called: they need forty racks at the station before the summer.',
      tags: ['lindenau', 'call'],
      metadata: { customer: 'Lindenau', speaker: 'Tomas', date: '2026-01-12' },
      at: '2026-01-12T09:10:00Z',
    },
    {
      id: 'crm-lindenau-answer',
      user: 'tomas',
      session: 'sample-call-lindenau',
      sector: 'episodic',
      content: 'Promised her an offer with galvanised steel by Friday, and a visit to look at the forecourt.',
      tags: ['lindenau', 'call'],
      metadata: { customer: 'Lindenau', speaker: 'Tomas', date: '2026-01-12' },
      at: '2026-01-12T09:14:00Z',
    },
    {
      id: 'crm-lindenau-offer',
      user: 'tomas',
      sector: 'semantic',
      content:
        'Angebot Lindenau: 40 Fahrradständer, feuerverzinkt, 6.800 Euro netto, Lieferung bis zum 15. Mai.',
      tags: ['lindenau', 'offer', 'deutsch'],
      metadata: { customer: 'Lindenau', amount: 6800, currency: 'EUR', language: 'de' },
      at: '2026-01-16T15:00:00Z',
    },
    {
      id: 'crm-lindenau-mood',
      user: 'tomas',
      sector: 'emotional',
      content:
        'Frau Albers sounded worried about the budget committee and was glad that the price holds until April.',
      tags: ['lindenau'],
      metadata: { customer: 'Lindenau' },
      at: '2026-01-20T16:30:00Z',
    },
    {
      id: 'crm-duero',
      user: 'tomas',
      sector: 'semantic',
      content: 'El ayuntamiento de Duero prefiere aparcabicis de madera y paga siempre a sesenta días.',
      tags: ['duero', 'español'],
      metadata: { customer: 'Duero', language: 'es' },
      at: '2026-02-02T12:00:00Z',
    },
    {
      id: 'crm-handover',
      user: 'tomas',
      sector: 'procedural',
      content:
        'How to hand a customer over: write down who decides and who uses it, the last promise with its date, and one ' +
        'thing that must not be said.',
      tags: ['how-to'],
      at: '2026-02-10T08:00:00Z',
    },
    {
      id: 'crm-pattern',
      user: 'tomas',
      sector: 'reflective',
      content:
        'Towns decide in the week before the committee meets; an offer that comes earlier is forgotten.',
      tags: ['lesson'],
      at: '2026-03-08T18:00:00Z',
    },
    {
      id: 'crm-offer-open',
      user: 'tomas',
      sector: 'semantic',
      content: 'The price offered to Lindenau holds for the whole of the framework agreement.',
      tags: ['lindenau', 'offer'],
      metadata: { customer: 'Lindenau' },
      at: '2026-03-09T09:00:00Z',
      expires: '2035-06-30T00:00:00Z',
    },
    {
      id: 'crm-house-rule',
      sector: 'procedural',
      content: 'Everybody writes a note within a day of a call, in the language of the customer.',
      tags: ['house-rule'],
      at: '2026-01-02T08:00:00Z',
    },
    {
      id: 'crm-holidays',
      sector: 'semantic',
      content:
        'The workshop is closed from the 24th of December to the 6th of January; no delivery dates then.',
      tags: ['house-rule'],
      metadata: { valid: 'every year' },
      at: '2026-01-02T08:05:00Z',
    },
  ],
  links: [
    { from: 'crm-lindenau-call', to: 'crm-lindenau-offer', type: 'led_to', weight: 1 },
    { from: 'crm-lindenau-mood', to: 'crm-lindenau-offer', type: 'about', weight: 0.7 },
    { from: 'crm-pattern', to: 'crm-lindenau-mood', type: 'learnt_from', weight: 0.5 },
    {
      from: 'crm-offer-open',
      to: 'crm-lindenau-offer',
      type: 'updates',
      weight: 0.9,
      metadata: { what: 'price' },
    },
    { from: 'crm-holidays', to: 'crm-house-rule', type: 'related', weight: 0.3 },
  ],
};
