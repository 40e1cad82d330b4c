#!/bin/sh
# Runs what the first word names, by the names of the npm scripts; the other words are its own. Node takes the
# place of this shell, so that it gets the signals.
set -eu
built=$(dirname "$0")/../dist/src
word=${1:-serve}
[ $# -eq 0 ] || shift

case $word in
  serve) exec node "$built/main.js" "$@" ;;
  migrate | migration:run) exec node "$built/cli/migrate.js" run "$@" ;;
  migrate:rollback | migration:revert) exec node "$built/cli/migrate.js" revert "$@" ;;
  migration:show) exec node "$built/cli/migrate.js" show "$@" ;;
  mcp | token | api-key | flags | seed | import | rehome | rollout | reindex | backup | restore | verify) exec node "$built/cli/$word.js" "$@" ;;
  db:roles) exec node "$built/cli/db-roles.js" "$@" ;;
  tenancy:adopt) exec node "$built/cli/tenancy-adopt.js" "$@" ;;
esac

cat >&2 <<END
There is no command "$word". There are:
  serve (also without a word), mcp, token, api-key, flags, migrate, migration:run, migration:show,
  migration:revert, migrate:rollback, seed, import, rehome, rollout, reindex, backup, restore, verify, db:roles, tenancy:adopt; each but serve tells more with --help.
END
exit 2
