// A VFS that stands before SQLite's own, writes down what is done to the files,
// and breaks them when told to. For tests.
#ifndef SQLITE_FAULTS_H
#define SQLITE_FAULTS_H

#include <stdint.h>

// Registers the VFS "faults" once, not as the default.
void faults_register(void);

// Forgets the record and mends everything.
void faults_reset(void);

// Completed flushes of files whose name ends in this.
int64_t faults_syncs(const char *suffix);

// Writes to such files.
int64_t faults_writes(const char *suffix);

// Those of them that no completed flush has covered.
int64_t faults_unsynced_writes(const char *suffix);

// The next `count` flushes of such files fail with EIO, after letting `after` pass.
void faults_fail_syncs(const char *suffix, int after, int count);

// Writes to such files fail with this errno (ENOSPC, EIO) until mended with 0.
void faults_fail_writes(const char *suffix, int code);

// Keep a record of every write, truncation and flush from now on.
void faults_record(int on);

// Operations recorded so far.
int64_t faults_recorded(void);

// The directory was flushed, by means that a VFS doesn't see: what was deleted stays deleted.
void faults_directory_flushed(void);

// Builds in `directory` the files as the disk may have them if power went after
// `operations` recorded operations: what was flushed is there; of what was not, each
// write is there or isn't, by the seed. Files start empty at `faults_record(1)`.
int faults_disk(const char *directory, int64_t operations, uint64_t seed);

#endif
