import { Get, Inject } from '@nestjs/common';
import { RequirePermission } from '../auth/route-access.decorators.js';
import { type Config, CONFIG } from '../config/config.js';
import type { Memory } from '../memories/memory.entity.js';
import { MemoryDto } from '../memories/memory-view.dto.js';
import { TenantContext } from '../tenancy/tenant-context.js';
import { DAY_MS, dayOf } from '../stats/event-types.js';
import { OldDashboard } from './old-dashboard.js';
import { pageOf } from './old-page.js';
import { OldQuery, OldRoutes } from './old-routes.decorators.js';
import { type Whose, collectionOf } from './whose.js';

const HOUR_MS = 3_600_000;
const MEGABYTE = 1024 * 1024;
/** Hours up to which a timeline is one of hours; beyond, of days. */
const MOST_HOURS = 72;
const MAX_HOURS = 24 * 365;
const MAX_ROWS = 1_000;
const MAX_PROJECTS = 1_000;
const PREVIEW = 100;

type Shown = Whose & { limit?: string; hours?: string };

/**
 * What the dashboard of OpenMemory asks for, of what the caller may see. What would tell of others, such as how much
 * memory the process has in use, is null but for operators.
 */
@OldRoutes('dashboard')
@RequirePermission('read')
export class OldDashboardController {
  constructor(
    private readonly dashboard: OldDashboard,
    @Inject(CONFIG) private readonly config: Config,
  ) {}

  @Get('stats')
  async stats(@OldQuery('project_id') shown: Shown) {
    const now = Date.now();
    const sectors = await this.dashboard.sectors(collectionOf(shown), now - DAY_MS);
    const total = sectors.reduce((sum, { count }) => sum + count, 0);
    const mean = (sum: number) => (total === 0 ? 0 : sum / total).toFixed(3);
    const saliences = sectors.map(({ salience }) => salience);
    const days = await this.dashboard.events(dayOf(now));
    const { heapUsed, heapTotal } = processMemory();
    return {
      totalMemories: total,
      recentMemories: sectors.reduce((sum, { recent }) => sum + recent, 0),
      sectorCounts: Object.fromEntries(sectors.map(({ sector, count }) => [sector, count])),
      avgSalience: mean(saliences.reduce((sum, one) => sum + one.sum, 0)),
      decayStats: {
        total,
        avgLambda: mean(sectors.reduce((sum, { lambda }) => sum + lambda.sum, 0)),
        minSalience: (total === 0 ? 0 : Math.min(...saliences.map(({ least }) => least))).toFixed(3),
        maxSalience: (total === 0 ? 0 : Math.max(...saliences.map(({ most }) => most))).toFixed(3),
      },
      // What was counted of the caller's own today. Refusals are not counted, nor what came in each second.
      requests: {
        total: days.flatMap(({ counts }) => Object.values(counts)).reduce((sum, count) => sum + count, 0),
        ...{ errors: null, errorRate: null, lastHour: null },
      },
      qps: { peak: null, average: null, cacheHitRate: null },
      system: { memoryUsage: heapUsed, heapUsed, heapTotal, uptime: uptime() },
      // There are neither segments to keep in memory nor a job that lets memories decay; words are searched.
      config: {
        port: this.config.http.port,
        ...{ vecDim: null, cacheSegments: null, maxActive: null, decayInterval: null },
        embedProvider: 'none',
      },
    };
  }

  @Get('health')
  health() {
    const { version, platform } = process;
    const pid = isOperator() ? process.pid : null;
    return { memory: processMemory(), uptime: uptime(), process: { pid, version, platform } };
  }

  @Get('activity')
  async activity(@OldQuery('limit', 'project_id') shown: Shown) {
    const found = await this.dashboard.latest(collectionOf(shown), rowsOf(shown, 50));
    const now = Date.now();
    return {
      activities: found.map((memory) => ({
        id: memory.id,
        type: memory.version > 1 ? 'memory_updated' : 'memory_created',
        sector: memory.primarySector,
        content: preview(memory),
        salience: MemoryDto.of(memory, now).salience,
        timestamp: memory.updatedAt,
      })),
    };
  }

  @Get('sectors/timeline')
  async timeline(@OldQuery('hours', 'project_id') shown: Shown) {
    const hours = hoursOf(shown);
    const grouping = hours <= MOST_HOURS ? 'hour' : 'day';
    const now = Date.now();
    const range = [Math.max(0, now - hours * HOUR_MS), now] as const;
    const found = await this.dashboard.stretches(collectionOf(shown), range, grouping);
    return {
      timeline: found.map(({ sector, from, count }) => {
        const [day, time] = new Date(from).toISOString().split('T');
        const label = grouping === 'hour' ? time.slice(0, 5) : day;
        const sort_key = grouping === 'hour' ? `${day} ${label}` : day;
        return { primary_sector: sector, label, sort_key, count, hour: label };
      }),
      grouping,
    };
  }

  @Get('top-memories')
  async top(@OldQuery('limit', 'project_id') shown: Shown) {
    const found = await this.dashboard.strongest(collectionOf(shown), rowsOf(shown, 10));
    const now = Date.now();
    return {
      memories: found.map((memory) => ({
        id: memory.id,
        content: memory.content,
        sector: memory.primarySector,
        salience: MemoryDto.of(memory, now).salience,
        lastSeen: memory.lastSeenAt,
      })),
    };
  }

  /** By day, as events are counted here. */
  @Get('maintenance')
  async maintenance(@OldQuery('hours') shown: Shown) {
    const days = await this.dashboard.events(Date.now() - hoursOf(shown) * HOUR_MS);
    const operations = days.map(({ day, counts }) => ({
      hour: day,
      decay: counts.decay ?? 0,
      reflection: counts.reflect ?? 0,
      consolidation: counts.consolidate ?? 0,
    }));
    const [cycles, reflections, consolidations] = (['decay', 'reflection', 'consolidation'] as const).map(
      (name) => operations.reduce((sum, operation) => sum + operation[name], 0),
    );
    const all = cycles + reflections + consolidations;
    const efficiency = all === 0 ? 0 : Math.round((100 * (reflections + consolidations)) / all);
    return { operations, totals: { cycles, reflections, consolidations, efficiency } };
  }

  @Get('projects')
  async projects() {
    return { projects: await this.dashboard.projects(MAX_PROJECTS) };
  }
}

function preview({ content }: Memory): string {
  const beginning = content
    .slice(0, PREVIEW)
    .toWellFormed()
    .replace(/\ufffd$/, '');
  return beginning.length < content.length ? `${beginning}...` : beginning;
}

function rowsOf({ limit }: Shown, usual: number): number {
  return limit ? pageOf({ limit }, MAX_ROWS).limit : usual;
}

function hoursOf({ hours }: Shown): number {
  return hours ? pageOf({ limit: hours }, MAX_HOURS).limit : 24;
}

function isOperator(): boolean {
  return TenantContext.scope().permissions.has('operator');
}

/** Megabytes. How much is in use depends on what others do. */
function processMemory() {
  if (!isOperator()) return { heapUsed: null, heapTotal: null, rss: null, external: null };
  const { heapUsed, heapTotal, rss, external } = process.memoryUsage();
  const megabytes = (bytes: number) => Math.round(bytes / MEGABYTE);
  return {
    ...{ heapUsed: megabytes(heapUsed), heapTotal: megabytes(heapTotal) },
    ...{ rss: megabytes(rss), external: megabytes(external) },
  };
}

function uptime() {
  const seconds = Math.floor(process.uptime());
  return { seconds, days: Math.floor(seconds / 86_400), hours: Math.floor((seconds % 86_400) / 3_600) };
}
