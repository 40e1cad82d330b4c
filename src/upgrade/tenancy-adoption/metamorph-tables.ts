import type { VaultIndex } from './vault-index.js';

/** Metamorph's tables, in the order in which its guide has them. Most databases have eleven of them. */
export const METAMORPH_TABLES: readonly string[] = [
  'sessions',
  'messages',
  'conversations',
  'semantic_memory',
  'identity',
  'evolution_snapshots',
  'operator_performance',
  'subagent_results',
  'emotional_arcs',
  'emotion_context',
  'session_states',
  'identity_checkpoints',
  'operator_efficacy',
  'coherence_metrics',
  'persona_variants',
  'emergence_traces',
  'memory_associations',
  'memory_compression_queue',
  'remote_sync_queue',
  'identity_compression',
  'steering_messages',
];

/** The 32 indexes of its vaults, `table: ending column, …`, in the guide's order. */
const INDEXES = `
  sessions: id id, accessed last_accessed
  session_states: id id, activity last_activity
  conversations: id id, updated updated_at
  messages: id id, conversation conversation_id
  semantic_memory: id id, type type
  identity: id id
  evolution_snapshots: id id, conv conversation_id
  operator_performance: id id, op operator_name
  subagent_results: id id, agent subagent_name
  emotional_arcs: id id, conv conversation_id
  emotion_context: id id, session session_id
  identity_checkpoints: id id
  operator_efficacy: id id
  coherence_metrics: id id
  persona_variants: id id
  emergence_traces: id id
  memory_associations: id id
  memory_compression_queue: id id
  remote_sync_queue: id id
  identity_compression: id id
  steering_messages: id id, session session_id`;

export const METAMORPH_INDEXES: readonly VaultIndex[] = INDEXES.trim()
  .split('\n')
  .flatMap((line) => {
    const [table, list] = line.trim().split(': ');
    return list.split(', ').map((item) => {
      const [ending, column] = item.split(' ');
      return { table, name: `idx_${table}_vault_${ending}`, columns: ['vault_id', column] };
    });
  });

/**
 * Columns by which a table is known as Metamorph's. Other programs have a `sessions` too.
 */
export const METAMORPH_SIGNS: Readonly<Record<string, readonly string[]>> = {
  sessions: ['id', 'conversation_id', 'last_accessed', 'current_frame', 'current_drift'],
  messages: ['id', 'conversation_id', 'role', 'content', 'stance', 'tools_used'],
  conversations: ['id', 'stance', 'config'],
  semantic_memory: ['id', 'type', 'content', 'importance', 'decay'],
  identity: ['id', 'self_model', 'persistent_values', 'emergent_goals', 'awareness_level'],
  evolution_snapshots: ['id', 'conversation_id', 'stance', 'trigger', 'drift_at_snapshot'],
  operator_performance: ['id', 'operator_name', 'effectiveness_score', 'coherence_score', 'drift_cost'],
  subagent_results: ['id', 'subagent_name', 'key_findings', 'relevance'],
  emotional_arcs: ['id', 'conversation_id', 'emotions', 'insights', 'patterns'],
  emotion_context: ['id', 'session_id', 'current_emotion', 'valence', 'arousal'],
  session_states: ['id', 'last_activity', 'stance', 'config', 'message_count'],
};
