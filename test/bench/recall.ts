import type { Conversation } from './locomo.js';
import { MeasuredServer } from './measured-server.js';
import { RecallClient } from './recall-client.js';
import { type RecallFigures, figuresOf, meanOf } from './recall-figures.js';
import type { OnProgress } from './stands.js';

export interface RecallResult {
  readonly overall: RecallFigures;
  /** By category number, those that have questions. */
  readonly byCategory: ReadonlyMap<number, RecallFigures>;
  /** Adds that were answered as done. */
  readonly added: number;
  /** Of these, the ones of which no memory of their own, with their whole content, can be read. */
  readonly notStored: number;
}

/**
 * Stores each turn of the conversations as a memory, one after another, each conversation as a user of its own,
 * and asks the questions: of the built service, over HTTP, on a database of its own.
 */
export async function measureRecall(
  conversations: readonly Conversation[],
  onProgress: OnProgress = () => {},
): Promise<RecallResult> {
  const server = await MeasuredServer.start('src/main.js');
  const client = new RecallClient(server.baseUrl);
  const answers: { category: number; figures: RecallFigures }[] = [];
  let added = 0;
  let notStored = 0;
  try {
    for (const [n, conversation] of conversations.entries()) {
      onProgress(n, conversations.length, 'conversations');
      const user = `locomo-${conversation.id}`;
      const stored = await client.store(user, conversation.turns);
      added += stored.added;
      notStored += stored.notStored;
      const found = await client.ask(
        user,
        conversation.questions.map(({ text }) => text),
      );
      conversation.questions.forEach(({ category, evidence }, at) => {
        const ranked = found[at].map((id) => stored.turns.get(id)?.id ?? '');
        answers.push({ category, figures: figuresOf(ranked, evidence) });
      });
    }
  } finally {
    client.close();
    await server.stop();
  }
  const categories = [...new Set(answers.map(({ category }) => category))].sort((a, b) => a - b);
  const meanIn = (category?: number) =>
    meanOf(
      answers
        .filter((one) => category === undefined || one.category === category)
        .map(({ figures }) => figures),
    );
  return {
    overall: meanIn(),
    byCategory: new Map(categories.map((category) => [category, meanIn(category)])),
    added,
    notStored,
  };
}
