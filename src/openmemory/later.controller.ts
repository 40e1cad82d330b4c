import { Delete, Get, Patch, Post } from '@nestjs/common';
import { Authenticated } from '../auth/route-access.decorators.js';
import { notYet } from './not-yet.js';
import { OldRoutes } from './old-routes.decorators.js';

/** What OpenMemory had and this service has not yet. Nothing else answers 501. */
@OldRoutes()
@Authenticated()
export class LaterController {
  @Get(['api/temporal/*', 'lgm/config', 'dynamics/*', 'api/compression/stats', 'sources'])
  get(): never {
    throw notYet();
  }

  @Post(['api/temporal/*', 'lgm/*', 'dynamics/*', 'api/compression/*', 'sources/*', 'memory/ingest/url'])
  post(): never {
    throw notYet();
  }

  @Patch('api/temporal/*')
  patch(): never {
    throw notYet();
  }

  @Delete('api/temporal/*')
  delete(): never {
    throw notYet();
  }
}
