import 'reflect-metadata';
import { describeChecks } from './describe-checks.js';
import { contextChecks } from './checks/context.js';
import { interleavedChecks } from './checks/interleaved.js';

describeChecks('the tenant context', [...contextChecks, ...interleavedChecks]);
