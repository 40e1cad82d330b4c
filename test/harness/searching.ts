import type { Answer, Client } from './app.js';

/** What a search found. */
export interface Result {
  id: string;
  score: number;
}

/** @throws for an answer that is not a success */
export function resultsOf(answer: Answer): Result[] {
  if (answer.status !== 200) throw new Error(answer.text);
  return answer.body.results as Result[];
}

/** Searches for as much as an answer may hold. */
export async function search(client: Client, query: string, rest: object = {}): Promise<Result[]> {
  return resultsOf(await client.post('/v1/memories/search', { query, limit: 100, ...rest }));
}

export function idsOf(results: readonly Result[]): string[] {
  return results.map(({ id }) => id);
}
