import Database from 'better-sqlite3';

// Opens the database argv[2], runs the statements argv[3] and after, says so, and keeps it open until it is killed.
const [, , path, ...statements] = process.argv;
const database = new Database(path);
for (const sql of statements) database.exec(sql);
console.log('held');
await new Promise((resolve) => setTimeout(resolve, 3_600_000));
