#ifndef CLINUX_SUPERVISION_H
#define CLINUX_SUPERVISION_H
#include <signal.h>
#include <stdint.h>
#include <sys/signalfd.h>
#include <sys/timerfd.h>
#include <sys/types.h>

/// fork(2), which Swift hides. Call it before any other thread exists: the copy
/// has one thread, and whatever lock another thread held stays locked in it.
pid_t baton_fork(void);

/// Orphaned descendants become children of the caller, not of init. prctl(2).
int baton_become_subreaper(void);

/// The name that ps and top show; at most 15 bytes. prctl(2).
int baton_set_process_name(const char *name);

/// Closes every descriptor from 3 on, except one.
void baton_close_all_but(int kept);

/// A file in memory without a name, CLOEXEC. memfd_create(2).
int baton_memory_file(void);

/// The most descriptors that one message carries or one child gets.
#define BATON_DESCRIPTORS_MAX 64

/// Sends one message and copies of descriptors. sendmsg(2), SCM_RIGHTS.
ssize_t baton_send(int socket, const void *bytes, size_t count,
                   const int *descriptors, int descriptor_count, int flags);

/// Receives one message; the descriptors that came with it are CLOEXEC.
/// `descriptors` has room for BATON_DESCRIPTORS_MAX.
ssize_t baton_receive(int socket, void *bytes, size_t count,
                      int *descriptors, int *descriptor_count, int flags);

/// What a child is made of. All arrays of strings end with NULL.
struct baton_launch {
    char *const *arguments;
    char *const *environment;
    char *const *candidates; ///< paths to try, in this order, as execvp(3) does
    const char *directory;   ///< or NULL: the caller's
    const int *descriptors;  ///< what the child gets,
    const int *targets;      ///< and under which numbers
    int descriptor_count;
    int terminal;            ///< descriptor of the terminal to take, or -1
};

enum baton_launch_stage {
    baton_launch_setup = 1,
    baton_launch_directory = 2,
    baton_launch_exec = 3,
};

/// What the pipe of `baton_launch_child` carries when the child could not be made.
struct baton_launch_failure {
    int32_t stage; ///< a baton_launch_stage
    int32_t error; ///< an errno
};

/// Forks and execs a child in a process group of its own. The caller has one
/// thread and only CLOEXEC descriptors from 3 on. Returns the pid, or -1 with
/// errno. `outcome` becomes the reading end of a pipe: it ends without a byte
/// when the exec succeeded, otherwise it yields a baton_launch_failure.
pid_t baton_launch_child(const struct baton_launch *launch, int *outcome);

enum baton_reaped_kind {
    baton_reaped_exited = 1,
    baton_reaped_signalled = 2,
    baton_reaped_stopped = 3,
};

struct baton_reaped {
    pid_t pid;
    int32_t kind;  ///< a baton_reaped_kind
    int32_t value; ///< the exit code or the signal's number
};

/// One child that ended or was stopped: 1; none at the moment: 0; no child at
/// all: -1. waitpid(2).
int baton_reap(struct baton_reaped *reaped);

/// SIG_DFL or SIG_IGN, which Swift can't spell. 0, or -1 with errno.
int baton_default_signal(int number);
int baton_ignore_signal(int number);
/// 1 when the signal is ignored at the moment.
int baton_signal_is_ignored(int number);

#endif
