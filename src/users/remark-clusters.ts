/** A memory as far as clustering looks at it. */
export interface Remark {
  /** The distinct terms of its text; empty where it can only be compared as a whole. */
  readonly terms: ReadonlySet<string>;
  /** Two texts with the same hash are equal. */
  readonly contentHash: string;
}

export interface Member<R> {
  readonly remark: R;
  /** To the first member: the Jaccard index of their terms; 1 for the first itself, and for equal ones. */
  readonly similarity: number;
}

/**
 * Two remarks say the same when they share this part of their terms (Jaccard index: shared / all). OpenMemory
 * takes 0.8 with stop words counted; without them, one word of six changed leaves 5 of 7 terms, which is 0.71,
 * and one of five 4 of 6, which is 0.67. So a sentence said again in a slightly other way counts, and one about
 * another thing in the same words ("paid invoice 1185", "paid invoice 1186") does not.
 */
export const SAME = 0.7;

/** Leaders that one remark is compared with, and that one term remembers: the bound of the work. */
const MAX_COMPARED = 32;
const MAX_REMEMBERED = 64;

interface Leader<R> {
  readonly terms: ReadonlySet<string>;
  readonly members: Member<R>[];
}

/**
 * Groups remarks by leader clustering (J. A. Hartigan, "Clustering Algorithms", 1975, ch. 3): each joins the
 * leader that it is most like, or leads a group of its own. Who could be alike is found by prefix filtering
 * (Chaudhuri, Ganti, Kaushik, "A Primitive Operator for Similarity Joins in Data Cleaning", ICDE 2006): two sets
 * whose Jaccard index is t share one of the |x| − ⌈t·|x|⌉ + 1 rarest terms of each. The work grows with the number
 * of remarks, not with its square, since no term remembers more than 64 leaders and none is compared with more
 * than 32; beyond these the latest, and those with the most rare terms in common, are looked at.
 */
export class RemarkClusters<R extends Remark> {
  private readonly frequency = new Map<string, number>();
  private readonly equal = new Map<string, Leader<R>>();
  private readonly byRareTerm = new Map<string, Leader<R>[]>();
  private readonly leaders: Leader<R>[] = [];

  /** @param remarks all that will be added: their terms say which are rare */
  constructor(remarks: readonly R[]) {
    for (const { terms } of remarks) {
      for (const term of terms) this.frequency.set(term, (this.frequency.get(term) ?? 0) + 1);
    }
  }

  add(remark: R): void {
    const key = keyOf(remark);
    const same = this.equal.get(key);
    if (same) {
      same.members.push({ remark, similarity: 1 });
      return;
    }
    const rare = this.rareTerms(remark.terms);
    const { leader, similarity } = this.mostAlike(remark.terms, rare);
    if (leader && similarity >= SAME) {
      leader.members.push({ remark, similarity });
      return;
    }
    const own: Leader<R> = { terms: remark.terms, members: [{ remark, similarity: 1 }] };
    this.leaders.push(own);
    this.equal.set(key, own);
    for (const term of rare) this.remember(term, own);
  }

  /** The groups of two and more, each with its leader first. */
  groups(): Member<R>[][] {
    return this.leaders.flatMap(({ members }) => (members.length > 1 ? [members] : []));
  }

  private rareTerms(terms: ReadonlySet<string>): string[] {
    const rarity = (term: string) => this.frequency.get(term) ?? 0;
    const ordered = [...terms].sort((a, b) => rarity(a) - rarity(b) || (a < b ? -1 : 1));
    return ordered.slice(0, terms.size - Math.ceil(SAME * terms.size) + 1);
  }

  private mostAlike(terms: ReadonlySet<string>, rare: readonly string[]) {
    const shared = new Map<Leader<R>, number>();
    for (const term of rare) {
      for (const leader of this.byRareTerm.get(term) ?? []) shared.set(leader, (shared.get(leader) ?? 0) + 1);
    }
    let best: { leader: Leader<R> | undefined; similarity: number } = { leader: undefined, similarity: 0 };
    const compared = [...shared].sort(([, n], [, m]) => m - n).slice(0, MAX_COMPARED);
    for (const [leader] of compared) {
      const similarity = jaccard(terms, leader.terms);
      if (similarity > best.similarity) best = { leader, similarity };
    }
    return best;
  }

  private remember(term: string, leader: Leader<R>): void {
    const known = this.byRareTerm.get(term);
    if (!known) this.byRareTerm.set(term, [leader]);
    else if (known.push(leader) > MAX_REMEMBERED) known.shift();
  }
}

export function jaccard(a: ReadonlySet<string>, b: ReadonlySet<string>): number {
  const [few, many] = a.size < b.size ? [a, b] : [b, a];
  let shared = 0;
  for (const term of few) if (many.has(term)) shared += 1;
  const all = a.size + b.size - shared;
  return all === 0 ? 0 : shared / all;
}

function keyOf({ terms, contentHash }: Remark): string {
  return terms.size === 0 ? `# ${contentHash}` : [...terms].sort().join('\n');
}
