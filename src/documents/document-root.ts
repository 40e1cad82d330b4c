import type { Section } from './document-sections.js';

const MAX_CHARACTERS = 2_000;
/** Of the beginning of a text without headings. */
const BEGINNING = 300;

/**
 * What the root of a document in sections says: its title and its headings, or how it begins; by this a search
 * finds the document as such, while its words are found in its sections.
 */
export function rootText(title: string | null, sections: readonly Section[]): string {
  const headings = [...new Set(sections.map(({ heading }) => heading))].filter(
    (heading) => heading !== null && heading !== '' && heading !== title,
  );
  const about = headings.length > 0 ? headings.join('\n') : sections[0].content.trim().slice(0, BEGINNING);
  const lines = [title ?? 'Document', `${sections.length} sections`, about];
  return lines
    .join('\n')
    .slice(0, MAX_CHARACTERS)
    .toWellFormed()
    .replace(/\ufffd$/, '')
    .trimEnd();
}
