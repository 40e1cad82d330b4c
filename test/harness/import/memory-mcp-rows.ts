import type { Level, McpRows, McpValues } from './memory-mcp-dump.js';

const at = (minute: number) => `2025-03-01 10:${String(minute).padStart(2, '0')}:00+00`;
const uuid = (n: number) => `00000000-0000-4000-8000-${String(n).padStart(12, '0')}`;

/** A vector as pgvector writes it; a level says how long it is. */
export function vectorText(level: Level, n: number): string {
  return `[${Array.from({ length: level === 5 ? 1024 : 1536 }, (_, i) => (((i * 7 + n) % 100) - 50) / 64).join(',')}]`;
}

/** Chinese characters, hardly one of them twice. */
const rareText = (length: number) =>
  String.fromCodePoint(...Array.from({ length }, (_, i) => 0x4e00 + ((i * 7919) % 20_000)));

const index = (n: number, project: string, name: string, more: McpValues = {}): McpValues => ({
  ...{ id: uuid(n), project, name, description: `About ${name}`, metadata: '{}', created_at: at(0) },
  ...more,
});

/** Rows of all kinds: two projects, with the same name of an index in both, and one with a name that is no vault id. */
export function mcpRows(level: Level): McpRows {
  const memory = (id: string, minute: number, content: string, more: McpValues = {}): McpValues => ({
    ...{ id, index_id: uuid(1), project: 'default', content, embedding: vectorText(level, minute) },
    ...{ memory_type: 'semantic', topic: null, importance: '0', tags: '{}', source: 'user' },
    ...{
      initial_priority: '0.5',
      current_priority: '0.25',
      created_at: at(minute),
      updated_at: at(minute + 1),
    },
    ...{
      last_accessed_at: null,
      access_count: '0',
      max_access_count: '0',
      stability: 'tentative',
      sleep_cycles: '0',
    },
    ...{ kind: 'raw', derived_from_ids: null, superseded_by_id: null, metadata: '{}' },
    ...{ valid_at: at(minute), recorded_at: at(minute), time_confidence: '1' },
    ...more,
  });
  const edge = (
    n: number,
    source_id: string,
    target_id: string,
    type: string,
    more: McpValues = {},
  ): McpValues => ({
    ...{
      id: uuid(100 + n),
      project: 'default',
      source_id,
      target_id,
      relationship_type: type,
      confidence: '0.5',
    },
    ...{ metadata: '{}', created_at: at(30), index_id: uuid(1), valid_at: at(30), recorded_at: at(30) },
    ...{ temporal_ok: 't', temporal_reason: null },
    ...more,
  });
  const used = (n: number, action: string, more: McpValues = {}): McpValues => ({
    ...{
      id: String(n),
      project: 'default',
      memory_id: 'mem_a',
      index_id: uuid(1),
      action,
      tool_name: action,
    },
    ...{
      success: 't',
      latency_ms: '12',
      priority_before: '0.5',
      priority_after: '0.25',
      accessed_at: at(40),
    },
    metadata: '{}',
    ...more,
  });
  return {
    memory_indexes: [
      index(1, 'default', 'memory', { metadata: '{"version": "1.0.0", "api_key": "SECRET-1"}' }),
      index(2, 'acme', 'memory', { description: '' }),
      index(3, '项目-naïve', 'crm-notes', { description: null, metadata: null }),
    ],
    memories: [
      // As in a real dump, before what they refer to.
      memory('mem_old', 1, 'Ana lives in Lisbon', { superseded_by_id: 'mem_new' }),
      memory('mem_new', 2, 'Ana lives in Porto', {
        memory_type: 'belief',
        importance: '2',
        stability: 'canonical',
      }),
      memory('mem_a', 3, 'Ana takes night trains\n\tto Vienna \\N', {
        ...{ memory_type: 'episodic', topic: '主题', tags: '{"a,b","quo\\"te",标签,NULL}', importance: '1' },
        ...{ last_accessed_at: '2025-03-02 10:00:00.5+00', access_count: '1500', max_access_count: '1500' },
        metadata: '{"z": 1, "a": 12345678901234567890, "password": "of a memory"}',
        ...{ source_path: 'ép.md', channel: 'telegram' },
      }),
      memory('mem_sum', 4, 'Ana travels', {
        ...{ memory_type: 'pattern', kind: 'summary', derived_from_ids: '{mem_a,mem_late,mem_gone}' },
        ...{ valid_at: null, recorded_at: null, time_confidence: '0' },
      }),
      memory('mem_late', 9, 'Made before what it was made from', { memory_type: 'self', metadata: null }),
      memory('bare-id', 5, '', { memory_type: 'odd', current_priority: '-0.25', metadata: '[1,2]' }),
      memory('mem_acme', 6, 'Of another project', { index_id: uuid(2), project: 'acme', topic: 'ops' }),
      memory('mem_unicode', 7, '🦊 é', {
        ...{ index_id: uuid(3), project: '项目-naïve', superseded_by_id: 'mem_acme', created_at: 'infinity' },
      }),
      memory('mem_twin', 8, 'Of an index that is gone', { index_id: uuid(9) }),
    ],
    memory_relationships: [
      edge(1, 'mem_a', 'mem_new', 'supports', { metadata: '{"note": "因为"}', temporal_reason: 'clamped' }),
      edge(2, 'mem_a', 'mem_new', 'contradicts', { confidence: null, temporal_ok: 'f' }),
      edge(3, 'mem_a', 'mem_a', 'similar_to'),
      edge(4, 'mem_a', 'mem_acme', 'leads_to'),
      edge(5, 'mem_a', 'mem_none', 'informs'),
      edge(6, 'mem_sum', 'mem_a', 'derived_from', { confidence: '0.75' }),
      edge(7, 'mem_acme', 'mem_acme', 'causes', { project: '项目-naïve' }),
    ],
    memory_usage_log: [
      used(1, 'memorize', {
        memory_id: null,
        index_id: null,
        success: 'f',
        metadata: '{"err": "⏱️", "token": "SECRET-2"}',
      }),
      used(2, 'recall'),
      // Fewer characters than an index takes bytes, and nothing that could be compressed.
      used(3, 'recall', { metadata: JSON.stringify({ long: rareText(900) }) }),
      used(4, 'scan', {
        project: 'acme',
        memory_id: 'mem_acme',
        metadata: `{"long": "${'x'.repeat(3000)}"}`,
      }),
      used(5, 'forget', { id: '9007199254740993' }),
    ],
  };
}
