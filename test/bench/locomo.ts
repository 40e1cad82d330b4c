import { readFileSync } from 'node:fs';

/** Why a file cannot be measured with: the message is for whoever named it. */
export class DatasetError extends Error {}

/** Category numbers of the questions, as in the data set's paper and its evaluation script. */
export const CATEGORIES: Readonly<Record<number, string>> = {
  1: 'multi-hop',
  2: 'temporal',
  3: 'open-domain',
  4: 'single-hop',
  5: 'adversarial',
};

/** Something somebody said. */
export interface Turn {
  /** `D<session>:<turn>`, which evidence refers to. */
  readonly id: string;
  readonly session: number;
  readonly speaker: string;
  readonly text: string;
  /** Of the image that was shown along with it. */
  readonly caption: string | undefined;
  /** When the session took place, as the data set writes it. */
  readonly sessionDate: string | undefined;
}

export interface Question {
  readonly text: string;
  readonly category: number;
  /** The turns that answer it: one at least. */
  readonly evidence: ReadonlySet<string>;
}

export interface Conversation {
  readonly id: string;
  /** In the order of the sessions. */
  readonly turns: readonly Turn[];
  /** Those whose evidence names a turn. */
  readonly questions: readonly Question[];
}

/**
 * Reads conversations in the form of LoCoMo (`locomo10.json`).
 *
 * @throws DatasetError when the file is not there or has another form
 */
export function readLocomo(file: string): Conversation[] {
  const items = parse(file);
  if (!Array.isArray(items) || items.length === 0) {
    throw new DatasetError(`${file} is not LoCoMo: it holds no list of conversations`);
  }
  return items.map((item, n) => {
    try {
      return conversationOf(item);
    } catch (error) {
      if (!(error instanceof FormError)) throw error;
      throw new DatasetError(`${file} is not LoCoMo: in conversation ${n}, ${error.message}`);
    }
  });
}

class FormError extends Error {}

function parse(file: string): unknown {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    throw new DatasetError(`${file} cannot be read: ${(error as NodeJS.ErrnoException).code}`);
  }
  try {
    return JSON.parse(text);
  } catch {
    throw new DatasetError(`${file} is not LoCoMo: it is not JSON`);
  }
}

function conversationOf(item: unknown): Conversation {
  const { sample_id: id, conversation, qa } = record(item, 'it');
  if (typeof id !== 'string' || id === '') throw new FormError('sample_id is not a text');
  const turns = turnsOf(record(conversation, 'conversation'));
  if (turns.length === 0) throw new FormError('conversation has no session_<n> with turns');
  const ids = new Set(turns.map((turn) => turn.id));
  if (ids.size < turns.length) throw new FormError('two turns have the same dia_id');
  const questions = array(qa, 'qa').map((one, n) => questionOf(one, n, ids));
  return { id, turns, questions: questions.filter(({ evidence }) => evidence.size > 0) };
}

function turnsOf(conversation: Record<string, unknown>): Turn[] {
  const sessions = Object.keys(conversation)
    .map((key) => /^session_(\d+)$/.exec(key)?.[1])
    .filter((number) => number !== undefined)
    .map(Number)
    .sort((a, b) => a - b);
  return sessions.flatMap((session) => {
    const name = `session_${session}`;
    const sessionDate = optionalText(conversation[`${name}_date_time`], `${name}_date_time`);
    return array(conversation[name], name).map((one, n): Turn => {
      const where = `${name}[${n}]`;
      const { dia_id, speaker, text, blip_caption } = record(one, where);
      if (typeof dia_id !== 'string') throw new FormError(`${where}.dia_id is not a text`);
      if (typeof speaker !== 'string') throw new FormError(`${where}.speaker is not a text`);
      return {
        id: dia_id,
        session,
        speaker,
        text: optionalText(text, `${where}.text`) ?? '',
        caption: optionalText(blip_caption, `${where}.blip_caption`) || undefined,
        sessionDate,
      };
    });
  });
}

function questionOf(one: unknown, n: number, ids: ReadonlySet<string>): Question {
  const { question, category, evidence } = record(one, `qa[${n}]`);
  if (typeof question !== 'string') throw new FormError(`qa[${n}].question is not a text`);
  if (typeof category !== 'number' || !(category in CATEGORIES)) {
    throw new FormError(`qa[${n}].category is not 1 to 5`);
  }
  const named = evidence === undefined ? [] : array(evidence, `qa[${n}].evidence`);
  const turns = named.flatMap((text) => String(text).split(/[;,\s]+/)).map(withoutTypos);
  return { text: question, category, evidence: new Set(turns.filter((id) => ids.has(id))) };
}

/** Some references are written `D:11:26` or `D30:05` for `D11:26` and `D30:5`. */
function withoutTypos(reference: string): string {
  return reference.replace(/^D:(\d+):(\d+)$/, 'D$1:$2').replace(/^D(\d+):0+(\d+)$/, 'D$1:$2');
}

function record(value: unknown, where: string): Record<string, unknown> {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
    return value as Record<string, unknown>;
  }
  throw new FormError(`${where} is not an object`);
}

function array(value: unknown, where: string): unknown[] {
  if (Array.isArray(value)) return value;
  throw new FormError(`${where} is not a list`);
}

function optionalText(value: unknown, where: string): string | undefined {
  if (value === undefined || value === null || typeof value === 'string') return value ?? undefined;
  throw new FormError(`${where} is not a text`);
}
