#include <sqlite3.h>
#include <sys/prctl.h>
#include <sys/resource.h>

// Swift can't call a function with variable arguments.
static inline int baton_no_checkpoint_on_close(sqlite3 *db) {
    return sqlite3_db_config(db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, (int *)0);
}

// Before the first connection. https://sqlite.org/c3ref/c_config_covering_index_scan.html, SQLITE_CONFIG_MEMSTATUS: without
// the statistics of memory, which nobody reads here, an allocation takes no lock of the whole process.
static inline int baton_without_memory_statistics(void) { return sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0); }

// SQLITE_TRANSIENT is a cast of -1, which Swift doesn't import.
static inline int baton_bind_text(sqlite3_stmt *s, int column, const char *bytes, int count) {
    return sqlite3_bind_text(s, column, bytes, count, SQLITE_TRANSIENT);
}

static inline int baton_bind_blob(sqlite3_stmt *s, int column, const void *bytes, int count) {
    return sqlite3_bind_blob(s, column, bytes, count, SQLITE_TRANSIENT);
}

// Flushes the database's file through the handle that the connection has of it: to close another one
// would give up the process' locks (https://sqlite.org/howtocorrupt.html, 2.2).
static inline int baton_flush_database(sqlite3 *db) {
    sqlite3_file *file = 0;
    int code = sqlite3_file_control(db, "main", SQLITE_FCNTL_FILE_POINTER, &file);
    if (code != SQLITE_OK) return code;
    return file->pMethods->xSync(file, SQLITE_SYNC_NORMAL);
}

// For whoever looks at the daemon's threads; at most 15 bytes.
static inline void baton_name_thread(const char *name) { prctl(PR_SET_NAME, name); }

// Linux: 0 is the calling thread, not the process.
static inline void baton_lower_thread_priority(void) { setpriority(PRIO_PROCESS, 0, 10); }
