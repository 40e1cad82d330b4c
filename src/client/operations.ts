// Made from openapi.json by `npm run openapi`: do not edit.

export interface ApiKeyDto {
  created_at: number;
  /** Null: it does not. */
  expires_at: number | null;
  /** The part of the key between the vault and the secret. */
  id: string;
  /** To a minute or so; null where no use is known. */
  last_used_at: number | null;
  name: string;
  permissions: ('read' | 'write' | 'delete' | 'admin' | 'vault' | 'operator')[];
  revoked_at: number | null;
  /** Null: the whole vault. */
  user_id: string | null;
}

export interface ApiKeyListDto {
  /** From the oldest on. */
  items: ApiKeyDto[];
  /** For the next page; null on the last. */
  next_cursor: string | null;
}

export interface BatchFieldErrorDto {
  field: string;
  message: string;
}

export interface BatchResultDto {
  /** Rows stored as new memories. */
  created: number;
  /** Rows not stored. */
  failed: number;
  /** One for each row, in the order of the rows. */
  results: BatchRowDto[];
}

export interface BatchRowDto {
  error?: BatchRowErrorDto;
  /** The memory's id; absent where the row failed. */
  id?: string;
  /** The row's place among the rows, from 0. */
  index: number;
  /** `returned`: `on_duplicate: "return"` found it stored already. */
  status: 'created' | 'returned' | 'failed';
  /** The memory's version; absent where the row failed. */
  version?: number;
}

export interface BatchRowErrorDto {
  /** A stable word for a program, such as VALIDATION_FAILED or ID_EXISTS. */
  code: string;
  /** What is wrong with which field. Left out from the 1,001st failed row on. */
  errors?: BatchFieldErrorDto[];
  /** A sentence for a person. */
  message: string;
}

export interface BigramsExplanationDto {
  /** Their mean over the best memories. */
  average_length: number;
  b: number;
  k1: number;
  /** Pairs of adjacent terms in the memory. */
  length: number;
  pairs: PairExplanationDto[];
  /** The sum of the contributions. */
  sum: number;
  /** What the sum counts beside `bm25`. */
  weight: number;
}

export interface ChangeVaultDto {
  /** What operators read beside the id. */
  name?: string;
  /** Whether users see the memories that have no owner; they can never change them. */
  share_unowned?: boolean;
}

export interface CollectionCountDto {
  collection: string | null;
  count: number;
}

export interface CollectionDto {
  /** Living memories in it that the caller may see. */
  count: number;
  /** Null: it was never described, and is there because a memory names it. */
  created_at: number | null;
  description: string | null;
  metadata: Record<string, unknown>;
  name: string;
  updated_at: number | null;
}

export interface CollectionListDto {
  /** By name, in byte order. */
  items: CollectionDto[];
  /** For the next page; null on the last. */
  next_cursor: string | null;
}

export interface ContextDto {
  filters?: SearchFiltersDto;
  /** The text takes no more tokens than this, by an estimate from above. */
  max_tokens: number;
  query: string;
}

export interface ContextMemoryDto {
  collection: string | null;
  content: string;
  created_at: number;
  expires_at: number | null;
  id: string;
  /** When it was last reinforced; before that, when it came about. Reading it changes nothing. */
  last_seen_at: number;
  /** To the letter of what an adopted database holds, also numbers that JavaScript would round. */
  metadata: Record<string, unknown>;
  primary_sector: 'episodic' | 'semantic' | 'procedural' | 'emotional' | 'reflective';
  /** How much it stands out at this moment, 0 to 1: fades with every whole day since `last_seen_at`. */
  salience: number;
  /** How well it answers the query, 0 to 1; null for one that is there because it stands beside one that does. */
  score: number | null;
  sectors: ('episodic' | 'semantic' | 'procedural' | 'emotional' | 'reflective')[];
  session_id: string | null;
  /** An adopted tag that is no text is given by its JSON. */
  tags: string[];
  updated_at: number;
  user_id: string | null;
  /** Counts the changes, from 1; the ETag of the memory. */
  version: number;
}

export interface ContextResultDto {
  /** What the text is made of, in its order. */
  memories: ContextMemoryDto[];
  /** Ready for a prompt; empty where nothing was found, or nothing of it fits. */
  text: string;
  /** How many tokens the text takes, estimated from above. */
  tokens: number;
}

export interface CountedVaultDto {
  created_at: number;
  erased_at: number | null;
  /** Memories; expired ones count until they are swept. */
  memories: number;
  name: string;
  /** Owners of memories; "nobody" is one. */
  owners: number;
  share_unowned: boolean;
  status: 'active' | 'suspended' | 'erasing' | 'erased';
  updated_at: number;
  vault_id: string;
}

export interface CreateApiKeyDto {
  /** From then on it is refused; in milliseconds since 1970. Without this it holds until it is revoked. */
  expires_at?: number;
  /** What it is for, to be read in lists. */
  name: string;
  /** Each of them the caller's as well; without this, those of `read`, `write` and `delete` that the caller has. */
  permissions?: ('read' | 'write' | 'delete' | 'admin')[];
  /** The user it acts for; without one it acts for the whole vault. A user's own keys are always that user's. */
  user_id?: string;
}

export interface CreateCollectionDto {
  /** What belongs in it; with null nothing is said. */
  description?: string | null;
  /** Takes the place of all that was there. */
  metadata?: Record<string, unknown>;
  name: string;
}

export interface CreateDocumentDto {
  /** A named shelf inside the vault. */
  collection?: string;
  /** The whole text. Stored to the letter, in sections. The body limit of the service holds too. */
  content: string;
  /** How to read it: of Markdown, headings begin sections. Plain text when absent. */
  content_type?: 'text/plain' | 'text/markdown';
  /** When it came about, in milliseconds since 1970; now when absent. */
  created_at?: number;
  /** From then on it does not exist. In milliseconds since 1970. */
  expires_at?: number;
  /** Your own id for it, unique among the vault's memories; made up (UUIDv7) when absent. */
  id?: string;
  /** Anything else about it, on every section. The name `document` is taken. */
  metadata?: Record<string, unknown>;
  /** The most characters of a section. */
  section_size?: number;
  /** Labels to filter by, on every section. */
  tags?: string[];
  /** What it is called; the first heading of Markdown when absent. */
  title?: string;
  /** Whose it is. A token of one user may leave it out, or name that user; for a service token, absent means nobody's. */
  user_id?: string;
}

export interface CreateMemoryDto {
  /** A named shelf inside the vault. */
  collection?: string;
  /** What to remember. Stored whole, exactly as sent. */
  content: string;
  /** When it came about, in milliseconds since 1970; now when absent. */
  created_at?: number;
  /** From then on it does not exist. In milliseconds since 1970. */
  expires_at?: number;
  /** Your own id for it, unique in the vault; made up (UUIDv7) when absent. */
  id?: string;
  /** Anything else about it, as a JSON object. In a change it takes the place of all that was there. */
  metadata?: Record<string, unknown>;
  /** `return`: where the same owner already has this very content, answer with that memory and store nothing. */
  on_duplicate?: 'store' | 'return';
  /** Overrides the sector that is read off the text. */
  sector?: 'episodic' | 'semantic' | 'procedural' | 'emotional' | 'reflective';
  /** The conversation or run it belongs to. */
  session_id?: string;
  /** Labels to filter by. In a change they take the place of all former ones. */
  tags?: string[];
  /** Whose memory it is. A token of one user may leave it out, or name that user; for a service token, absent means nobody's. */
  user_id?: string;
}

export interface CreateVaultDto {
  /** The id when absent. */
  name?: string;
  share_unowned?: boolean;
  /** 1 to 128 ASCII letters, digits, `.`, `_`, `:` or `-`, the first a letter or digit. */
  vault_id: string;
}

export interface CreditDto {
  credit: number;
  /** How many memories of the session away the neighbour is, from 1. */
  distance?: number;
  /** How often the term occurs there. */
  frequency?: number;
  /** `own`: the memory's own words; `before`, `after`: those of a memory before or after it in its session; `speaker`: its speaker's name; `date`: its month, year or day. */
  from: 'own' | 'before' | 'after' | 'speaker' | 'date';
  /** The neighbour; null when it has expired in the meantime. */
  memory_id?: string | null;
}

export interface DayCountDto {
  count: number;
  /** A UTC day. */
  day: string;
}

export interface DeletedDocumentDto {
  /** How many memories were deleted with it. */
  deleted: number;
}

export interface DeletedDto {
  /** How many memories were deleted or, in a dry run, would be. */
  deleted: number;
  dry_run: boolean;
}

export interface DeletedSessionDto {
  /** How many memories were deleted with it. */
  deleted: number;
}

export interface DescribeCollectionDto {
  /** What belongs in it; with null nothing is said. */
  description?: string | null;
  /** Takes the place of all that was there. */
  metadata?: Record<string, unknown>;
}

export interface DocumentContentDto {
  /** The texts of its sections, one after another: what was sent, but for what was changed since. */
  content: string;
  content_type: 'text/plain' | 'text/markdown' | null;
  id: string;
}

export interface DocumentDto {
  collection: string | null;
  /** Null: its root says nothing of it any more. */
  content_type: 'text/plain' | 'text/markdown' | null;
  created_at: number;
  expires_at: number | null;
  /** That of its root, and the `session_id` of all its memories. */
  id: string;
  /** Of its root. */
  metadata: Record<string, unknown>;
  /** In their order; empty where the root holds the text itself. */
  sections: DocumentSectionDto[];
  tags: string[];
  title: string | null;
  updated_at: number;
  user_id: string | null;
}

export interface DocumentListDto {
  items: DocumentSummaryDto[];
  /** For the next page; null on the last. */
  next_cursor: string | null;
}

export interface DocumentSectionDto {
  /** The heading that it stands under, or the first in it. */
  heading: string | null;
  id: string;
}

export interface DocumentSummaryDto {
  collection: string | null;
  /** Null: its root says nothing of it any more. */
  content_type: 'text/plain' | 'text/markdown' | null;
  created_at: number;
  expires_at: number | null;
  /** That of its root, and the `session_id` of all its memories. */
  id: string;
  /** Of its root. */
  metadata: Record<string, unknown>;
  tags: string[];
  title: string | null;
  updated_at: number;
  user_id: string | null;
}

export interface EdgeDto {
  dst_id: string;
  src_id: string;
  type: string;
  /** 0 to 1. */
  weight: number;
}

export interface EmbeddingHealthDto {
  advanced_parallel: boolean;
  batch_support: boolean;
  configured: boolean;
  dimensions: number;
  embed_delay_ms: number;
  fallback_chain: string[];
  mode: string;
  provider: string;
  type: string;
}

export interface EnforcementDto {
  /** That of default-vault, where tokens without a vault claim work if they do. */
  mode: 'legacy' | 'shadow' | 'enforced';
  /** Null for every vault but default-vault. */
  tokens_without_vault: VaultlessRequestsDto | null;
  /** The vault whose flag says so. */
  vault_id: string;
}

export interface ErasedUserDto {
  /** How many rows were erased from each table that holds rows of users. */
  erased: Record<string, number>;
  user_id: string;
}

export interface ErasureReceiptDto {
  /** Rows deleted of each table. */
  deleted: Record<string, number>;
  erased_at: number;
  /** Rows left of each table with tenants that the database knows: 0 everywhere. The tombstone is not counted. */
  left: Record<string, number>;
  status: 'erased';
  vault_id: string;
}

export interface EventCountDto {
  count: number;
  /** A UTC day. */
  day: string;
  /** add, update, delete, expire, search, reinforce, reflect, import …, and for services token-without-vault; older databases may hold others. */
  type: string;
}

export interface ExplanationDto {
  /** Its mean over the memories searched. */
  average_length: number;
  b: number;
  /** null: only the best 50 are ranked again by pairs. */
  bigrams: BigramsExplanationDto | null;
  /** The sum of the terms' contributions. */
  bm25: number;
  factors: FactorsDto;
  /** The `raw` at which the score is one half. */
  half: number;
  k1: number;
  /** Length of the memory together with its neighbours: the sum of all weights of all terms. */
  length: number;
  /** How many memories were searched. */
  memories: number;
  /** (bm25 + bigrams.weight · bigrams.sum) · speaker · date · when · question · length · mentions · salience */
  raw: number;
  /** raw / (raw + half) */
  score: number;
  /** The terms that the memory is credited with. */
  terms: TermExplanationDto[];
}

export interface FactorsDto {
  /** The query names the month, year or day of the memory. */
  date: number;
  /** Longer memories say more. */
  length: number;
  /** The memory mentions a date that the query names. */
  mentions: number;
  /** The memory only asks. */
  question: number;
  /** The memory was reinforced. */
  salience: number;
  /** The query names one speaker, who is this memory's. */
  speaker: number;
  /** The query asks when, and the memory has a time expression. */
  when: number;
}

export interface FlagValueDto {
  flag: string;
  value: boolean | string;
}

export interface FoundMemoryDto {
  collection: string | null;
  content: string;
  created_at: number;
  expires_at: number | null;
  /** Where `explain` was asked for. */
  explain?: ExplanationDto;
  id: string;
  /** When it was last reinforced; before that, when it came about. Reading it changes nothing. */
  last_seen_at: number;
  /** To the letter of what an adopted database holds, also numbers that JavaScript would round. */
  metadata: Record<string, unknown>;
  primary_sector: 'episodic' | 'semantic' | 'procedural' | 'emotional' | 'reflective';
  /** How much it stands out at this moment, 0 to 1: fades with every whole day since `last_seen_at`. */
  salience: number;
  /** How well it answers the query, 0 to 1; comparable within one answer. */
  score: number;
  sectors: ('episodic' | 'semantic' | 'procedural' | 'emotional' | 'reflective')[];
  session_id: string | null;
  /** An adopted tag that is no text is given by its JSON. */
  tags: string[];
  updated_at: number;
  user_id: string | null;
  /** Counts the changes, from 1; the ETag of the memory. */
  version: number;
}

export interface HealthDto {
  /** Segments of vectors kept in memory. */
  cache: number;
  /** Dimensions of vectors. */
  dim: number;
  embedding: EmbeddingHealthDto;
  ok: boolean;
  status: string;
  /** How memories are found. For clients of OpenMemory, as are those that follow. */
  tier: string;
  /** The version of the service. */
  version: string;
}

export interface HistoryDto {
  /** The former states, the latest first; the present one is the memory itself. */
  items: MemoryVersionDto[];
}

export interface LivenessDto {
  status: string;
}

export interface MemoryDto {
  collection: string | null;
  content: string;
  created_at: number;
  expires_at: number | null;
  id: string;
  /** When it was last reinforced; before that, when it came about. Reading it changes nothing. */
  last_seen_at: number;
  /** To the letter of what an adopted database holds, also numbers that JavaScript would round. */
  metadata: Record<string, unknown>;
  primary_sector: 'episodic' | 'semantic' | 'procedural' | 'emotional' | 'reflective';
  /** How much it stands out at this moment, 0 to 1: fades with every whole day since `last_seen_at`. */
  salience: number;
  sectors: ('episodic' | 'semantic' | 'procedural' | 'emotional' | 'reflective')[];
  session_id: string | null;
  /** An adopted tag that is no text is given by its JSON. */
  tags: string[];
  updated_at: number;
  user_id: string | null;
  /** Counts the changes, from 1; the ETag of the memory. */
  version: number;
}

export interface MemoryListDto {
  /** All that match, where `count=true` was asked for. */
  count?: number;
  items: MemoryDto[];
  /** For the next page; null on the last. */
  next_cursor: string | null;
}

export interface MemoryVersionDto {
  content: string;
  /** To the letter of what an adopted database holds, also numbers that JavaScript would round. */
  metadata: Record<string, unknown>;
  primary_sector: 'episodic' | 'semantic' | 'procedural' | 'emotional' | 'reflective';
  /** When the next one took its place. */
  replaced_at: number;
  sectors: ('episodic' | 'semantic' | 'procedural' | 'emotional' | 'reflective')[];
  /** An adopted tag that is no text is given by its JSON. */
  tags: string[];
  /** When this version was written. */
  updated_at: number;
  version: number;
}

export interface NeighbourDto {
  /** How many waypoints away it is, 1 or more. */
  distance: number;
  memory: MemoryDto;
  /** The last waypoint of that way. */
  via: EdgeDto;
  /** The product of the weights on the strongest of the shortest ways to it, 0 to 1. */
  weight: number;
}

export interface NeighboursDto {
  /** The nearest first, of equally near ones the strongest. */
  items: NeighbourDto[];
  /** Whether the walk was given up at its bounds, so that neighbours may be missing or have stronger ways. */
  truncated: boolean;
}

export interface NewApiKeyDto {
  created_at: number;
  /** Null: it does not. */
  expires_at: number | null;
  /** The part of the key between the vault and the secret. */
  id: string;
  /** The key itself. It is shown this once, and kept nowhere. */
  key: string;
  /** To a minute or so; null where no use is known. */
  last_used_at: number | null;
  name: string;
  permissions: ('read' | 'write' | 'delete' | 'admin' | 'vault' | 'operator')[];
  revoked_at: number | null;
  /** Null: the whole vault. */
  user_id: string | null;
}

export interface NextStepDto {
  /** What it would change for this vault, a sentence each. */
  changes: string[];
  /** The settings, commands or requests that make it, in their order. */
  how: string[];
  phase: 'legacy' | 'shadow' | 'enforced' | 're-home' | 'clean-up' | 'done';
}

export interface OwnVaultDto {
  /** In milliseconds since 1970; null as long as nothing was written, and for a user's token. */
  created_at: number | null;
  name: string;
  /** Whether users see the memories that have no owner. */
  share_unowned: boolean;
  /** Of the whole vault for a service token, of the user for a user's. */
  usage: VaultUsageDto;
  vault_id: string;
}

export interface PairExplanationDto {
  /** idf · (k1 + 1) / (1 + k1 · (1 − b + b · length / average_length)), with the numbers of `bigrams` */
  contribution: number;
  /** How many of the best memories hold the pair. */
  df: number;
  /** ln(1 + (memories − df + 0.5) / (df + 0.5)) */
  idf: number;
  /** The two terms. */
  pair: string[];
}

export interface PatchMemoryDto {
  collection?: string | null;
  /** Takes the place of the former content, which stays in the history. The sectors are read off anew. */
  content?: string;
  /** Null: never. */
  expires_at?: number | null;
  /** Anything else about it, as a JSON object. In a change it takes the place of all that was there. */
  metadata?: Record<string, unknown>;
  /** Overrides the sector that is read off the text. */
  sector?: 'episodic' | 'semantic' | 'procedural' | 'emotional' | 'reflective';
  /** Moves it to another session, or with null to none. */
  session_id?: string | null;
  /** Labels to filter by. In a change they take the place of all former ones. */
  tags?: string[];
  /** Gives it to another user, or with null to nobody. For service tokens. */
  user_id?: string | null;
}

export interface PathDto {
  /** The waypoints between them, one fewer. */
  edges: EdgeDto[];
  /** The memories on the way, from the first to the last; null where there is no way, or none was found in bounds. */
  path: MemoryDto[] | null;
  /** Whether the search was given up at its bounds: a path may exist nevertheless. */
  truncated: boolean;
  /** The product of their weights, 0 to 1; null without a path. */
  weight: number | null;
}

/** What went wrong (RFC 9457). */
export interface Problem {
  /** A stable word for a program. */
  code: string;
  /** A sentence for a person. */
  detail: string;
  /** What is wrong with which field. */
  errors?: ({
    field: string;
    message: string;
  })[];
  /** urn:request: and the id of the request in the log. */
  instance: string;
  status: number;
  /** The name of the status. */
  title: string;
  type: string;
}

export interface PutUserDto {
  /** A summary written by hand, which stays; null gives it back to the service. Absent: as it is. */
  summary?: string | null;
}

export interface PutWaypointDto {
  /** The memory that it leads to: another one, of the same owner. */
  dst_id: string;
  /** Anything else about it. */
  metadata?: Record<string, unknown>;
  /** The memory that it starts from. */
  src_id: string;
  /** What the one is to the other. Two memories may be joined by one waypoint of each type. */
  type?: string;
  /** How strong it is, 0 to 1. */
  weight?: number;
}

export interface ReadinessDto {
  /** What was looked at, each `up`; `index` is `rebuilding` while memories stored by an older version are still missing from searches. */
  checks: Record<string, string>;
  status: string;
}

export interface ReflectionsDto {
  /** How many groups of memories that say the same there are among them. */
  clusters: number;
  /** How many memories were looked at: the latest 1,000 at most, without those that were reflected on before. */
  examined: number;
  /** The memories made; none where nothing repeats that was not reflected on before. */
  reflections: MemoryDto[];
}

export interface ReinforceDto {
  /** How much of what its salience lacks to 1 it gains: above 0, at most 1. */
  amount?: number;
}

export interface ResourceMetadataDto {
  /** The issuers whose tokens are accepted. */
  authorization_servers: string[];
  /** How a token is sent. */
  bearer_methods_supported: string[];
  /** The address that a token is to be asked for. */
  resource: string;
  resource_documentation: string;
  resource_name: string;
}

export interface RolloutDto {
  enforcement: EnforcementDto;
  flags: FlagValueDto[];
  /** Memories; expired ones count until they are swept. */
  memories: number;
  /** Null where nothing is left to do. */
  next: NextStepDto | null;
  phase: 'legacy' | 'shadow' | 'enforced' | 're-home' | 'clean-up' | 'done';
  /** Memories that belong to nobody. */
  unowned: number;
  /** Users who own some of them. */
  users: number;
  vault_id: string;
}

export interface RotateApiKeyDto {
  /** When the new one expires, in milliseconds since 1970; without this, when the old one would have. */
  expires_at?: number;
  /** How long the old key goes on working beside the new one; without this, not at all. */
  grace_seconds?: number;
}

export interface SearchDto {
  /** `true`: with each result, all that its score is made of. For queries of at most 64 different terms. */
  explain?: boolean;
  filters?: SearchFiltersDto;
  limit?: number;
  query: string;
}

export interface SearchFiltersDto {
  collection?: string;
  /** At this millisecond or later. */
  created_after?: number;
  /** Before this millisecond. */
  created_before?: number;
  /** `true`: also memories from which a waypoint `superseded_by` leads to a newer one. */
  include_superseded?: boolean;
  /** Each of these keys with an equal value (nested values by their JSON). */
  metadata?: Record<string, unknown>;
  /** Least score, 0 to 1. */
  min_score?: number;
  /** At least one of these sectors. */
  sectors?: ('episodic' | 'semantic' | 'procedural' | 'emotional' | 'reflective')[];
  session_id?: string;
  /** All of these tags. */
  tags?: string[];
  user_id?: string;
}

export interface SearchResultDto {
  /** The best first. */
  results: FoundMemoryDto[];
}

export interface SectorCountDto {
  count: number;
  sector: string;
}

export interface SessionDto {
  /** Living memories. */
  count: number;
  /** `created_at` of the earliest memory. */
  first_at: number;
  /** The `session_id` of its memories. */
  id: string;
  /** `created_at` of the latest memory. */
  last_at: number;
  user_id: string | null;
}

export interface SessionListDto {
  items: SessionDto[];
  /** For the next page; null on the last. */
  next_cursor: string | null;
}

export interface StatsDto {
  /** By collection, the hundred with the most. */
  collections: CollectionCountDto[];
  /** Memories by the UTC day of `created_at`, in the days asked for that have any. */
  days: DayCountDto[];
  /** What happened, by type and day, in the days asked for. */
  events: EventCountDto[];
  /** Living memories. */
  memories: number;
  /** By primary sector. */
  sectors: SectorCountDto[];
  /** By owner, the hundred with the most. */
  users: UserCountDto[];
}

export interface SummaryDto {
  /** Of the memories as they are now, unless it was written by hand; null where there is nothing to tell. */
  summary: string | null;
  /** When it was made or written. */
  summary_at: number | null;
  /** Written by hand: it stays as it is until it is given back. */
  summary_manual: boolean;
  user_id: string;
}

export interface TermExplanationDto {
  /** idf · weight · (k1 + 1) / (weight + k1 · (1 − b + b · length / average_length)) */
  contribution: number;
  credits: CreditDto[];
  /** How many of the memories searched are credited with the term. */
  df: number;
  /** ln(1 + (memories − df + 0.5) / (df + 0.5)) */
  idf: number;
  term: string;
  /** The sum of the credits. */
  weight: number;
}

export interface UserCountDto {
  count: number;
  user_id: string | null;
}

export interface UserDto {
  /** Living memories. */
  count: number;
  /** When the user was first written to or named. */
  created_at: number;
  /** `created_at` of the earliest memory; null where there is none. */
  first_at: number | null;
  /** Whether there is a summary to read. */
  has_summary: boolean;
  /** `created_at` of the latest memory; null where there is none. */
  last_at: number | null;
  /** How many reflections were made of the user's memories. */
  reflection_count: number;
  /** Of the memories as they are now, unless it was written by hand; null where there is nothing to tell. */
  summary: string | null;
  /** When the summary was made or written. */
  summary_at: number | null;
  /** Written by hand: it stays as it is until it is given back. */
  summary_manual: boolean;
  /** When the summary was last written by hand or given back, or a reflection was made. */
  updated_at: number;
  user_id: string;
}

export interface UserEntryDto {
  /** Living memories. */
  count: number;
  /** When the user was first written to or named. */
  created_at: number;
  /** `created_at` of the earliest memory; null where there is none. */
  first_at: number | null;
  /** Whether there is a summary to read. */
  has_summary: boolean;
  /** `created_at` of the latest memory; null where there is none. */
  last_at: number | null;
  /** How many reflections were made of the user's memories. */
  reflection_count: number;
  /** When the summary was last written by hand or given back, or a reflection was made. */
  updated_at: number;
  user_id: string;
}

export interface UserListDto {
  items: UserEntryDto[];
  /** For the next page; null on the last. */
  next_cursor: string | null;
}

export interface VaultDto {
  created_at: number;
  erased_at: number | null;
  name: string;
  share_unowned: boolean;
  status: 'active' | 'suspended' | 'erasing' | 'erased';
  updated_at: number;
  vault_id: string;
}

export interface VaultListDto {
  /** By id, in byte order. */
  items: CountedVaultDto[];
  /** For the next page; null on the last. */
  next_cursor: string | null;
}

export interface VaultUsageDto {
  /** Living memories. */
  memories: number;
  sessions: number;
  /** Users with memories. */
  users: number;
  waypoints: number;
}

export interface VaultlessClientDto {
  /** The token's `client_id`, else its `azp`, else `user:` and the user, else `service`; `other` stands for many. */
  client: string;
  count: number;
  /** A UTC day. */
  first_seen: string;
  /** Those of them that came while the mode was shadow. */
  in_shadow: number;
  /** A UTC day. */
  last_seen: string;
}

export interface VaultlessRequestsDto {
  /** How many clients there are. */
  client_count: number;
  /** The hundred with the most requests. */
  clients: VaultlessClientDto[];
  /** Those of them that came while the mode was shadow. */
  in_shadow: number;
  /** The first UTC day that was looked at. */
  since: string;
  total: number;
}

export interface WaypointDto {
  created_at: number;
  dst_id: string;
  metadata: Record<string, unknown>;
  src_id: string;
  type: string;
  updated_at: number;
  /** The owner of both memories. */
  user_id: string | null;
  /** 0 to 1. */
  weight: number;
}

export interface WaypointListDto {
  /** All that match, where `count=true` was asked for. */
  count?: number;
  items: WaypointDto[];
  /** For the next page; null on the last. */
  next_cursor: string | null;
}

export interface WhoamiResponse {
  /** What the credential allows. */
  permissions: ('read' | 'write' | 'delete' | 'admin' | 'vault' | 'operator')[];
  /** Whether the credential is a service's. */
  service: boolean;
  /** The user within the vault; null for a service, which works for the whole vault. */
  user_id: string | null;
  /** The vault that every request with this credential works in. */
  vault_id: string;
}

/** What each operation takes and gives. */
export interface Operations {
  'resourceMetadata.service': {
    answer: ResourceMetadataDto;
  };
  'resourceMetadata.mcp': {
    answer: ResourceMetadataDto;
  };
  'health.overview': {
    answer: HealthDto;
  };
  'health.live': {
    answer: LivenessDto;
  };
  'health.ready': {
    answer: ReadinessDto;
  };
  'collections.list': {
    query?: {
      limit?: number;
      /** `next_cursor` of the page before, with the same filters and order. */
      cursor?: string;
    };
    answer: CollectionListDto;
  };
  'collections.create': {
    header?: {
      /** Has the request take effect once, however often it is made within a day: 1 to 255 characters */
      'Idempotency-Key'?: string;
    };
    body: CreateCollectionDto;
    answer: CollectionDto;
  };
  'collections.get': {
    path: {
      name: string;
    };
    answer: CollectionDto;
  };
  'collections.describe': {
    path: {
      name: string;
    };
    header?: {
      /** Has the request take effect once, however often it is made within a day: 1 to 255 characters */
      'Idempotency-Key'?: string;
    };
    body: DescribeCollectionDto;
    answer: CollectionDto;
  };
  'collections.delete': {
    path: {
      name: string;
    };
    header?: {
      /** Has the request take effect once, however often it is made within a day: 1 to 255 characters */
      'Idempotency-Key'?: string;
    };
    answer: undefined;
  };
  'documents.list': {
    query?: {
      /** For service tokens; absent: every owner's. A user's token may name that user only. */
      user_id?: string;
      collection?: string;
      limit?: number;
      /** `next_cursor` of the page before, with the same filters and order. */
      cursor?: string;
    };
    answer: DocumentListDto;
  };
  'documents.create': {
    header?: {
      /** Has the request take effect once, however often it is made within a day: 1 to 255 characters */
      'Idempotency-Key'?: string;
    };
    body: CreateDocumentDto;
    answer: DocumentDto;
  };
  'documents.get': {
    path: {
      id: string;
    };
    answer: DocumentDto;
  };
  'documents.delete': {
    path: {
      id: string;
    };
    header?: {
      /** Has the request take effect once, however often it is made within a day: 1 to 255 characters */
      'Idempotency-Key'?: string;
    };
    answer: DeletedDocumentDto;
  };
  'documents.content': {
    path: {
      id: string;
    };
    answer: DocumentContentDto;
  };
  'memories.list': {
    query?: {
      sector?: 'episodic' | 'semantic' | 'procedural' | 'emotional' | 'reflective';
      /** By creation time: `desc`, the newest first, or `asc`. */
      order?: 'asc' | 'desc';
      user_id?: string;
      session_id?: string;
      collection?: string;
      /** At this millisecond or later. */
      created_after?: number;
      /** Before this millisecond. */
      created_before?: number;
      tag?: string;
      /** A JSON object: each of its keys with an equal value. */
      metadata?: string;
      limit?: number;
      /** `next_cursor` of the page before, with the same filters and order. */
      cursor?: string;
      /** `true`: also say how many there are in all. */
      count?: boolean;
    };
    answer: MemoryListDto;
  };
  'memories.create': {
    header?: {
      /** Has the request take effect once, however often it is made within a day: 1 to 255 characters */
      'Idempotency-Key'?: string;
    };
    body: CreateMemoryDto;
    answer: MemoryDto;
  };
  'memories.deleteMatching': {
    query?: {
      sector?: 'episodic' | 'semantic' | 'procedural' | 'emotional' | 'reflective';
      /** `true`: only count what would be deleted. */
      dry_run?: boolean;
      tag?: string;
      /** A JSON object: each of its keys with an equal value. */
      metadata?: string;
      user_id?: string;
      session_id?: string;
      collection?: string;
      /** At this millisecond or later. */
      created_after?: number;
      /** Before this millisecond. */
      created_before?: number;
    };
    header?: {
      /** Has the request take effect once, however often it is made within a day: 1 to 255 characters */
      'Idempotency-Key'?: string;
    };
    answer: DeletedDto;
  };
  'memories.batch': {
    header?: {
      /** Has the request take effect once, however often it is made within a day: 1 to 255 characters */
      'Idempotency-Key'?: string;
    };
    body: CreateMemoryDto[];
    answer: BatchResultDto;
  };
  'memories.context': {
    body: ContextDto;
    answer: ContextResultDto;
  };
  'memories.search': {
    body: SearchDto;
    answer: SearchResultDto;
  };
  'memories.get': {
    path: {
      id: string;
    };
    header?: {
      /** ETag that is known already: answers 304 */
      'If-None-Match'?: string;
    };
    answer: MemoryDto;
  };
  'memories.patch': {
    path: {
      id: string;
    };
    header?: {
      /** ETag that the memory must still have */
      'If-Match'?: string;
      /** Has the request take effect once, however often it is made within a day: 1 to 255 characters */
      'Idempotency-Key'?: string;
    };
    body: PatchMemoryDto;
    answer: MemoryDto;
  };
  'memories.delete': {
    path: {
      id: string;
    };
    header?: {
      /** ETag that the memory must still have */
      'If-Match'?: string;
      /** Has the request take effect once, however often it is made within a day: 1 to 255 characters */
      'Idempotency-Key'?: string;
    };
    answer: undefined;
  };
  'memories.history': {
    path: {
      id: string;
    };
    answer: HistoryDto;
  };
  'memories.reinforce': {
    path: {
      id: string;
    };
    header?: {
      /** ETag that the memory must still have */
      'If-Match'?: string;
      /** Has the request take effect once, however often it is made within a day: 1 to 255 characters */
      'Idempotency-Key'?: string;
    };
    body?: ReinforceDto;
    answer: MemoryDto;
  };
  'sessions.list': {
    query?: {
      /** For service tokens; absent: every owner's. A user's token may name that user only. */
      user_id?: string;
      limit?: number;
      /** `next_cursor` of the page before, with the same filters and order. */
      cursor?: string;
    };
    answer: SessionListDto;
  };
  'sessions.delete': {
    path: {
      id: string;
    };
    query?: {
      /** For service tokens; absent: every owner's. A user's token may name that user only. */
      user_id?: string;
    };
    header?: {
      /** Has the request take effect once, however often it is made within a day: 1 to 255 characters */
      'Idempotency-Key'?: string;
    };
    answer: DeletedSessionDto;
  };
  'sessions.memories': {
    path: {
      id: string;
    };
    query?: {
      /** For service tokens; absent: every owner's. A user's token may name that user only. */
      user_id?: string;
      limit?: number;
      /** `next_cursor` of the page before, with the same filters and order. */
      cursor?: string;
    };
    answer: MemoryListDto;
  };
  'stats.read': {
    query?: {
      /** Days and events from the UTC day of this millisecond on; 30 days before `to` when absent. */
      from?: number;
      /** Days and events up to and with the UTC day of this millisecond; today when absent. At most 366 days after `from`. */
      to?: number;
    };
    answer: StatsDto;
  };
  'users.list': {
    query?: {
      limit?: number;
      /** `next_cursor` of the page before, with the same filters and order. */
      cursor?: string;
    };
    answer: UserListDto;
  };
  'users.get': {
    path: {
      /** Percent-encoded. A new user's has 1 to 256 characters. */
      user_id: string;
    };
    answer: UserDto;
  };
  'users.put': {
    path: {
      /** Percent-encoded. A new user's has 1 to 256 characters. */
      user_id: string;
    };
    header?: {
      /** Has the request take effect once, however often it is made within a day: 1 to 255 characters */
      'Idempotency-Key'?: string;
    };
    body: PutUserDto;
    answer: UserDto;
  };
  'users.erase': {
    path: {
      /** Percent-encoded. A new user's has 1 to 256 characters. */
      user_id: string;
    };
    header?: {
      /** Has the request take effect once, however often it is made within a day: 1 to 255 characters */
      'Idempotency-Key'?: string;
    };
    answer: ErasedUserDto;
  };
  'users.memories': {
    path: {
      /** Percent-encoded. A new user's has 1 to 256 characters. */
      user_id: string;
    };
    query?: {
      sector?: 'episodic' | 'semantic' | 'procedural' | 'emotional' | 'reflective';
      session_id?: string;
      collection?: string;
      /** At this millisecond or later. */
      created_after?: number;
      /** Before this millisecond. */
      created_before?: number;
      tag?: string;
      /** A JSON object: each of its keys with an equal value. */
      metadata?: string;
      limit?: number;
      /** `next_cursor` of the page before, with the same filters and order. */
      cursor?: string;
      /** `true`: also say how many there are in all. */
      count?: boolean;
      /** By creation time: `desc`, the newest first, or `asc`. */
      order?: 'asc' | 'desc';
    };
    answer: MemoryListDto;
  };
  'users.reflect': {
    path: {
      /** Percent-encoded. A new user's has 1 to 256 characters. */
      user_id: string;
    };
    header?: {
      /** Has the request take effect once, however often it is made within a day: 1 to 255 characters */
      'Idempotency-Key'?: string;
    };
    answer: ReflectionsDto;
  };
  'users.summary': {
    path: {
      /** Percent-encoded. A new user's has 1 to 256 characters. */
      user_id: string;
    };
    answer: SummaryDto;
  };
  'users.regenerate': {
    path: {
      /** Percent-encoded. A new user's has 1 to 256 characters. */
      user_id: string;
    };
    header?: {
      /** Has the request take effect once, however often it is made within a day: 1 to 255 characters */
      'Idempotency-Key'?: string;
    };
    answer: SummaryDto;
  };
  'vault.read': {
    answer: OwnVaultDto;
  };
  'vault.change': {
    header?: {
      /** Has the request take effect once, however often it is made within a day: 1 to 255 characters */
      'Idempotency-Key'?: string;
    };
    body: ChangeVaultDto;
    answer: OwnVaultDto;
  };
  'apiKeys.list': {
    query?: {
      limit?: number;
      /** `next_cursor` of the page before, with the same filters and order. */
      cursor?: string;
    };
    answer: ApiKeyListDto;
  };
  'apiKeys.create': {
    body: CreateApiKeyDto;
    answer: NewApiKeyDto;
  };
  'apiKeys.get': {
    path: {
      id: string;
    };
    answer: ApiKeyDto;
  };
  'apiKeys.revoke': {
    path: {
      id: string;
    };
    header?: {
      /** Has the request take effect once, however often it is made within a day: 1 to 255 characters */
      'Idempotency-Key'?: string;
    };
    answer: ApiKeyDto;
  };
  'apiKeys.rotate': {
    path: {
      id: string;
    };
    body: RotateApiKeyDto;
    answer: NewApiKeyDto;
  };
  'vaults.list': {
    query?: {
      status?: 'active' | 'suspended' | 'erasing' | 'erased';
      limit?: number;
      /** `next_cursor` of the page before, with the same filters and order. */
      cursor?: string;
    };
    answer: VaultListDto;
  };
  'vaults.create': {
    body: CreateVaultDto;
    answer: VaultDto;
  };
  'vaults.get': {
    path: {
      id: string;
    };
    answer: VaultDto;
  };
  'vaults.erase': {
    path: {
      id: string;
    };
    answer: ErasureReceiptDto;
  };
  'vaults.resume': {
    path: {
      id: string;
    };
    answer: VaultDto;
  };
  'rollout.read': {
    path: {
      id: string;
    };
    query?: {
      /** UTC days of requests to look at, today the last of them; 30 when absent. */
      days?: number;
    };
    answer: RolloutDto;
  };
  'vaults.suspend': {
    path: {
      id: string;
    };
    answer: VaultDto;
  };
  'waypoints.list': {
    query?: {
      /** With `memory_id`: those that start from it (`out`), lead to it (`in`), or both. */
      direction?: 'out' | 'in' | 'both';
      /** By the creation time of the memory they start from: `desc`, the newest first, or `asc`. */
      order?: 'asc' | 'desc';
      /** Those that start from this memory or lead to it, as `direction` says. */
      memory_id?: string;
      src_id?: string;
      dst_id?: string;
      /** Between memories of this user. A user's token may name that user only. */
      user_id?: string;
      /** Only this type. */
      type?: string;
      /** Only those at least this strong, 0 to 1. */
      min_weight?: number;
      limit?: number;
      /** `next_cursor` of the page before, with the same filters and order. */
      cursor?: string;
      /** `true`: also say how many there are in all. */
      count?: boolean;
    };
    answer: WaypointListDto;
  };
  'waypoints.put': {
    header?: {
      /** Has the request take effect once, however often it is made within a day: 1 to 255 characters */
      'Idempotency-Key'?: string;
    };
    body: PutWaypointDto;
    answer: WaypointDto;
  };
  'waypoints.delete': {
    query: {
      type?: string;
      src_id: string;
      dst_id: string;
    };
    header?: {
      /** Has the request take effect once, however often it is made within a day: 1 to 255 characters */
      'Idempotency-Key'?: string;
    };
    answer: undefined;
  };
  'waypoints.neighbours': {
    query: {
      direction?: 'out' | 'in' | 'both';
      /** How many waypoints away at most. */
      depth?: number;
      memory_id: string;
      limit?: number;
      /** Only this type. */
      type?: string;
      /** Only those at least this strong, 0 to 1. */
      min_weight?: number;
    };
    answer: NeighboursDto;
  };
  'waypoints.path': {
    query: {
      direction?: 'out' | 'in' | 'both';
      /** `shortest`: over the fewest waypoints, of those the strongest. `strongest`: the highest product of weights. */
      mode?: 'shortest' | 'strongest';
      /** How many waypoints it may have at most. */
      max_depth?: number;
      from: string;
      to: string;
      /** Only this type. */
      type?: string;
      /** Only those at least this strong, 0 to 1. */
      min_weight?: number;
    };
    answer: PathDto;
  };
  'whoami.whoami': {
    answer: WhoamiResponse;
  };
}

/** The method and the path of each operation. */
export const ROUTES = {
  'resourceMetadata.service': ['GET', '/.well-known/oauth-protected-resource'],
  'resourceMetadata.mcp': ['GET', '/.well-known/oauth-protected-resource/mcp'],
  'health.overview': ['GET', '/health'],
  'health.live': ['GET', '/health/live'],
  'health.ready': ['GET', '/health/ready'],
  'collections.list': ['GET', '/v1/collections'],
  'collections.create': ['POST', '/v1/collections'],
  'collections.get': ['GET', '/v1/collections/{name}'],
  'collections.describe': ['PATCH', '/v1/collections/{name}'],
  'collections.delete': ['DELETE', '/v1/collections/{name}'],
  'documents.list': ['GET', '/v1/documents'],
  'documents.create': ['POST', '/v1/documents'],
  'documents.get': ['GET', '/v1/documents/{id}'],
  'documents.delete': ['DELETE', '/v1/documents/{id}'],
  'documents.content': ['GET', '/v1/documents/{id}/content'],
  'memories.list': ['GET', '/v1/memories'],
  'memories.create': ['POST', '/v1/memories'],
  'memories.deleteMatching': ['DELETE', '/v1/memories'],
  'memories.batch': ['POST', '/v1/memories/batch'],
  'memories.context': ['POST', '/v1/memories/context'],
  'memories.search': ['POST', '/v1/memories/search'],
  'memories.get': ['GET', '/v1/memories/{id}'],
  'memories.patch': ['PATCH', '/v1/memories/{id}'],
  'memories.delete': ['DELETE', '/v1/memories/{id}'],
  'memories.history': ['GET', '/v1/memories/{id}/history'],
  'memories.reinforce': ['POST', '/v1/memories/{id}/reinforce'],
  'sessions.list': ['GET', '/v1/sessions'],
  'sessions.delete': ['DELETE', '/v1/sessions/{id}'],
  'sessions.memories': ['GET', '/v1/sessions/{id}/memories'],
  'stats.read': ['GET', '/v1/stats'],
  'users.list': ['GET', '/v1/users'],
  'users.get': ['GET', '/v1/users/{user_id}'],
  'users.put': ['PUT', '/v1/users/{user_id}'],
  'users.erase': ['DELETE', '/v1/users/{user_id}'],
  'users.memories': ['GET', '/v1/users/{user_id}/memories'],
  'users.reflect': ['POST', '/v1/users/{user_id}/reflect'],
  'users.summary': ['GET', '/v1/users/{user_id}/summary'],
  'users.regenerate': ['POST', '/v1/users/{user_id}/summary/regenerate'],
  'vault.read': ['GET', '/v1/vault'],
  'vault.change': ['PATCH', '/v1/vault'],
  'apiKeys.list': ['GET', '/v1/vault/api-keys'],
  'apiKeys.create': ['POST', '/v1/vault/api-keys'],
  'apiKeys.get': ['GET', '/v1/vault/api-keys/{id}'],
  'apiKeys.revoke': ['POST', '/v1/vault/api-keys/{id}/revoke'],
  'apiKeys.rotate': ['POST', '/v1/vault/api-keys/{id}/rotate'],
  'vaults.list': ['GET', '/v1/vaults'],
  'vaults.create': ['POST', '/v1/vaults'],
  'vaults.get': ['GET', '/v1/vaults/{id}'],
  'vaults.erase': ['DELETE', '/v1/vaults/{id}'],
  'vaults.resume': ['POST', '/v1/vaults/{id}/resume'],
  'rollout.read': ['GET', '/v1/vaults/{id}/rollout'],
  'vaults.suspend': ['POST', '/v1/vaults/{id}/suspend'],
  'waypoints.list': ['GET', '/v1/waypoints'],
  'waypoints.put': ['POST', '/v1/waypoints'],
  'waypoints.delete': ['DELETE', '/v1/waypoints'],
  'waypoints.neighbours': ['GET', '/v1/waypoints/neighbours'],
  'waypoints.path': ['GET', '/v1/waypoints/path'],
  'whoami.whoami': ['GET', '/v1/whoami'],
} as const satisfies Record<keyof Operations, readonly [method: string, path: string]>;
