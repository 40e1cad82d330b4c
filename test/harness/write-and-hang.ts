import Database from 'better-sqlite3';

// Opens the database argv[2] in the journal mode argv[3], commits a row to the table `notes`, and then writes more in
// a transaction than fits into its memory, says so, and stays in the midst of it until it is killed.
const [, , path, mode] = process.argv;
const database = new Database(path);
database.pragma(`journal_mode = ${mode}`);
database.pragma('cache_size = 10');
database.pragma('cache_spill = 10');
database.exec('CREATE TABLE IF NOT EXISTS notes (text text)');
database.prepare('INSERT INTO notes VALUES (?)').run('committed');
database.exec('BEGIN');
for (let i = 0; i < 2_000; i += 1) database.prepare('INSERT INTO notes VALUES (?)').run(`${i} `.repeat(200));
console.log('writing');
await new Promise((resolve) => setTimeout(resolve, 3_600_000));
