#include "SQLiteFaults.h"
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sqlite3.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <stdio.h>
#include <unistd.h>

enum { FILES = 4096, NAME = 512 };

// One name that was ever opened. Figures and faults belong to the name: several
// connections have the same file open.
struct named {
    char path[NAME];
    int64_t syncs, writes, unsynced;
};

struct file {
    sqlite3_file base;
    struct named *named;
    sqlite3_file *real; // follows this struct in memory
};

enum kind { WRITE, TRUNCATE, SYNC, DELETE };
struct operation {
    enum kind kind;
    struct named *named;
    sqlite3_int64 offset;
    int count;
    char *bytes;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct named names[FILES];
static int name_count;
static struct operation *operations;
static int64_t operation_count, operation_room;
static int recording;
static int64_t directory_flushed; // deletions before this operation are certain
static char fail_sync[NAME], fail_write[NAME];
static int fail_sync_after, fail_sync_count, fail_write_code;
static sqlite3_vfs *below;

static int ends_with(const char *text, const char *suffix) {
    size_t a = strlen(text), b = strlen(suffix);
    return b > 0 && a >= b && strcmp(text + a - b, suffix) == 0;
}

static struct named *find(const char *path) {
    for (int i = 0; i < name_count; i++)
        if (strcmp(names[i].path, path) == 0) return &names[i];
    if (name_count == FILES) abort();
    struct named *named = &names[name_count++];
    snprintf(named->path, NAME, "%s", path);
    named->syncs = named->writes = named->unsynced = 0;
    return named;
}

static void record(enum kind kind, struct named *named, sqlite3_int64 offset, const void *bytes, int count) {
    if (!recording) return;
    if (operation_count == operation_room) {
        operation_room = operation_room ? operation_room * 2 : 1024;
        operations = realloc(operations, operation_room * sizeof *operations);
    }
    struct operation *op = &operations[operation_count++];
    *op = (struct operation){kind, named, offset, count, 0};
    if (bytes) memcpy(op->bytes = malloc(count), bytes, count);
}

#define REAL(f) (((struct file *)(f))->real)

static int f_close(sqlite3_file *f) { return REAL(f)->pMethods->xClose(REAL(f)); }
static int f_read(sqlite3_file *f, void *p, int n, sqlite3_int64 o) { return REAL(f)->pMethods->xRead(REAL(f), p, n, o); }

static int f_write(sqlite3_file *f, const void *p, int n, sqlite3_int64 o) {
    struct named *named = ((struct file *)f)->named;
    pthread_mutex_lock(&lock);
    int code = fail_write_code && ends_with(named->path, fail_write) ? fail_write_code : 0;
    if (!code) {
        named->writes++;
        named->unsynced++;
        record(WRITE, named, o, p, n);
    }
    pthread_mutex_unlock(&lock);
    // As SQLite's own VFS tells it: no space is SQLITE_FULL, the rest an I/O error.
    if (code) return code == ENOSPC ? SQLITE_FULL : SQLITE_IOERR_WRITE;
    return REAL(f)->pMethods->xWrite(REAL(f), p, n, o);
}

static int f_truncate(sqlite3_file *f, sqlite3_int64 size) {
    pthread_mutex_lock(&lock);
    record(TRUNCATE, ((struct file *)f)->named, size, 0, 0);
    pthread_mutex_unlock(&lock);
    return REAL(f)->pMethods->xTruncate(REAL(f), size);
}

static int f_sync(sqlite3_file *f, int flags) {
    struct named *named = ((struct file *)f)->named;
    pthread_mutex_lock(&lock);
    int fail = 0;
    if (fail_sync_count > 0 && ends_with(named->path, fail_sync)) {
        if (fail_sync_after > 0) fail_sync_after--;
        else fail = 1, fail_sync_count--;
    }
    int64_t covered = named->unsynced;
    int64_t upto = operation_count;
    pthread_mutex_unlock(&lock);
    if (fail) return SQLITE_IOERR_FSYNC;
    int code = REAL(f)->pMethods->xSync(REAL(f), flags);
    if (code != SQLITE_OK) return code;
    pthread_mutex_lock(&lock);
    named->syncs++;
    named->unsynced -= covered;
    // It covers what was written before it began: `offset` says up to which operation.
    record(SYNC, named, upto, 0, 0);
    pthread_mutex_unlock(&lock);
    return SQLITE_OK;
}

static int f_size(sqlite3_file *f, sqlite3_int64 *s) { return REAL(f)->pMethods->xFileSize(REAL(f), s); }
static int f_lock(sqlite3_file *f, int l) { return REAL(f)->pMethods->xLock(REAL(f), l); }
static int f_unlock(sqlite3_file *f, int l) { return REAL(f)->pMethods->xUnlock(REAL(f), l); }
static int f_reserved(sqlite3_file *f, int *o) { return REAL(f)->pMethods->xCheckReservedLock(REAL(f), o); }
static int f_control(sqlite3_file *f, int op, void *a) { return REAL(f)->pMethods->xFileControl(REAL(f), op, a); }
static int f_sector(sqlite3_file *f) { return REAL(f)->pMethods->xSectorSize(REAL(f)); }
static int f_device(sqlite3_file *f) { return REAL(f)->pMethods->xDeviceCharacteristics(REAL(f)); }
static int f_shm_map(sqlite3_file *f, int r, int n, int w, void volatile **p) { return REAL(f)->pMethods->xShmMap(REAL(f), r, n, w, p); }
static int f_shm_lock(sqlite3_file *f, int o, int n, int l) { return REAL(f)->pMethods->xShmLock(REAL(f), o, n, l); }
static void f_shm_barrier(sqlite3_file *f) { REAL(f)->pMethods->xShmBarrier(REAL(f)); }
static int f_shm_unmap(sqlite3_file *f, int d) { return REAL(f)->pMethods->xShmUnmap(REAL(f), d); }

static const sqlite3_io_methods methods = {
    2, f_close, f_read, f_write, f_truncate, f_sync, f_size, f_lock, f_unlock, f_reserved, f_control,
    f_sector, f_device, f_shm_map, f_shm_lock, f_shm_barrier, f_shm_unmap, 0, 0,
};

static int v_open(sqlite3_vfs *v, const char *path, sqlite3_file *f, int flags, int *out) {
    struct file *file = (struct file *)f;
    file->real = (sqlite3_file *)(file + 1);
    file->base.pMethods = 0;
    int code = below->xOpen(below, path, file->real, flags, out);
    if (code != SQLITE_OK) return code;
    pthread_mutex_lock(&lock);
    file->named = find(path ? path : "");
    pthread_mutex_unlock(&lock);
    file->base.pMethods = &methods;
    return SQLITE_OK;
}

static int v_delete(sqlite3_vfs *v, const char *path, int dir) {
    pthread_mutex_lock(&lock);
    record(DELETE, find(path), 0, 0, 0);
    pthread_mutex_unlock(&lock);
    return below->xDelete(below, path, dir);
}

void faults_register(void) {
    static sqlite3_vfs faults;
    pthread_mutex_lock(&lock);
    if (!below) {
        below = sqlite3_vfs_find(0);
        faults = *below;
        faults.zName = "faults";
        faults.szOsFile = sizeof(struct file) + below->szOsFile;
        faults.xOpen = v_open;
        faults.xDelete = v_delete;
        sqlite3_vfs_register(&faults, 0);
    }
    pthread_mutex_unlock(&lock);
}

void faults_reset(void) {
    pthread_mutex_lock(&lock);
    for (int64_t i = 0; i < operation_count; i++) free(operations[i].bytes);
    operation_count = directory_flushed = 0;
    recording = 0;
    fail_sync_count = fail_sync_after = fail_write_code = 0;
    for (int i = 0; i < name_count; i++) names[i].syncs = names[i].writes = names[i].unsynced = 0;
    pthread_mutex_unlock(&lock);
}

// Of a figure of `struct named`, by its place.
static int64_t sum(const char *suffix, size_t figure) {
    int64_t total = 0;
    pthread_mutex_lock(&lock);
    for (int i = 0; i < name_count; i++)
        if (ends_with(names[i].path, suffix)) total += *(int64_t *)((char *)&names[i] + figure);
    pthread_mutex_unlock(&lock);
    return total;
}

int64_t faults_syncs(const char *suffix) { return sum(suffix, offsetof(struct named, syncs)); }
int64_t faults_writes(const char *suffix) { return sum(suffix, offsetof(struct named, writes)); }
int64_t faults_unsynced_writes(const char *suffix) { return sum(suffix, offsetof(struct named, unsynced)); }

void faults_fail_syncs(const char *suffix, int after, int count) {
    pthread_mutex_lock(&lock);
    snprintf(fail_sync, NAME, "%s", suffix);
    fail_sync_after = after;
    fail_sync_count = count;
    pthread_mutex_unlock(&lock);
}

void faults_fail_writes(const char *suffix, int code) {
    pthread_mutex_lock(&lock);
    snprintf(fail_write, NAME, "%s", suffix);
    fail_write_code = code;
    pthread_mutex_unlock(&lock);
}

void faults_record(int on) {
    pthread_mutex_lock(&lock);
    recording = on;
    pthread_mutex_unlock(&lock);
}

void faults_directory_flushed(void) {
    pthread_mutex_lock(&lock);
    directory_flushed = operation_count;
    pthread_mutex_unlock(&lock);
}

int64_t faults_recorded(void) {
    pthread_mutex_lock(&lock);
    int64_t count = operation_count;
    pthread_mutex_unlock(&lock);
    return count;
}

static uint64_t mix(uint64_t z) {
    z += 0x9E3779B97F4A7C15u;
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
    return z ^ (z >> 31);
}

int faults_disk(const char *directory, int64_t count, uint64_t seed) {
    int descriptors[FILES];
    int64_t flushed[FILES] = {0};
    pthread_mutex_lock(&lock);
    if (count > operation_count) count = operation_count;
    for (int64_t i = 0; i < count; i++)
        if (operations[i].kind == SYNC) {
            // Two connections flush the same file: the one that ends later may have begun earlier.
            int64_t *upto = &flushed[operations[i].named - names];
            if (operations[i].offset > *upto) *upto = operations[i].offset;
        }
    for (int i = 0; i < name_count; i++) {
        const char *slash = strrchr(names[i].path, '/');
        char path[2 * NAME];
        snprintf(path, sizeof path, "%s/%s", directory, slash ? slash + 1 : names[i].path);
        descriptors[i] = -1;
        int used = 0;
        for (int64_t o = 0; o < count; o++) used |= operations[o].named == &names[i];
        if (used) descriptors[i] = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    }
    int failed = 0;
    for (int64_t i = 0; i < count; i++) {
        struct operation *op = &operations[i];
        int at = (int)(op->named - names);
        int certain = i < flushed[at] || (op->kind == DELETE && i < directory_flushed);
        int lost = !certain && (mix(seed + (uint64_t)i) & 1);
        if (lost) continue;
        // A write that was under way may be torn: its first half is there.
        int torn = !certain && op->kind == WRITE && (mix(seed * 31 + (uint64_t)i) & 7) == 0;
        if (op->kind == WRITE && pwrite(descriptors[at], op->bytes, torn ? op->count / 2 : op->count, op->offset) < 0) failed = 1;
        if (op->kind == TRUNCATE && ftruncate(descriptors[at], op->offset) < 0) failed = 1;
        if (op->kind == DELETE && ftruncate(descriptors[at], 0) < 0) failed = 1;
    }
    for (int i = 0; i < name_count; i++)
        if (descriptors[i] >= 0) close(descriptors[i]);
    pthread_mutex_unlock(&lock);
    return failed;
}
