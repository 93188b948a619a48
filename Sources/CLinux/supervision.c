#define _GNU_SOURCE
#include "supervision.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

pid_t baton_fork(void) { return fork(); }

int baton_become_subreaper(void) { return prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0); }

int baton_set_process_name(const char *name) { return prctl(PR_SET_NAME, name, 0, 0, 0); }

int baton_memory_file(void) { return memfd_create("baton", MFD_CLOEXEC); }

/// close_range(2) came with Linux 5.9; before that, each number is closed.
static void close_range_or_each(unsigned first, unsigned last) {
    if (first > last) return;
#ifdef SYS_close_range
    if (syscall(SYS_close_range, first, last, 0) == 0) return;
#endif
    struct rlimit limit;
    unsigned end = 65536;
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < end) end = (unsigned)limit.rlim_cur;
    for (unsigned number = first; number <= last && number < end; number++) close((int)number);
}

void baton_close_all_but(int kept) {
    close_range_or_each(3, (unsigned)kept - 1);
    close_range_or_each((unsigned)kept + 1, ~0u);
}

// MARK: Messages with descriptors

union control {
    struct cmsghdr header; // for its alignment
    char bytes[CMSG_SPACE(sizeof(int) * BATON_DESCRIPTORS_MAX)];
};

ssize_t baton_send(int socket, const void *bytes, size_t count,
                   const int *descriptors, int descriptor_count, int flags) {
    union control control;
    struct iovec part = {.iov_base = (void *)bytes, .iov_len = count};
    struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};
    if (descriptor_count > BATON_DESCRIPTORS_MAX) {
        errno = EINVAL;
        return -1;
    }
    if (descriptor_count > 0) {
        size_t size = sizeof(int) * (size_t)descriptor_count;
        memset(&control, 0, sizeof control);
        message.msg_control = control.bytes;
        message.msg_controllen = CMSG_SPACE(size);
        struct cmsghdr *header = CMSG_FIRSTHDR(&message);
        header->cmsg_level = SOL_SOCKET;
        header->cmsg_type = SCM_RIGHTS;
        header->cmsg_len = CMSG_LEN(size);
        memcpy(CMSG_DATA(header), descriptors, size);
    }
    ssize_t sent;
    do sent = sendmsg(socket, &message, flags | MSG_NOSIGNAL);
    while (sent < 0 && errno == EINTR);
    return sent;
}

ssize_t baton_receive(int socket, void *bytes, size_t count,
                      int *descriptors, int *descriptor_count, int flags) {
    union control control;
    struct iovec part = {.iov_base = bytes, .iov_len = count};
    struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1,
                             .msg_control = control.bytes, .msg_controllen = sizeof control.bytes};
    *descriptor_count = 0;
    ssize_t received;
    do received = recvmsg(socket, &message, flags | MSG_CMSG_CLOEXEC);
    while (received < 0 && errno == EINTR);
    if (received < 0) return received;
    for (struct cmsghdr *header = CMSG_FIRSTHDR(&message); header; header = CMSG_NXTHDR(&message, header)) {
        if (header->cmsg_level != SOL_SOCKET || header->cmsg_type != SCM_RIGHTS) continue;
        size_t size = header->cmsg_len - CMSG_LEN(0);
        memcpy(descriptors, CMSG_DATA(header), size);
        *descriptor_count = (int)(size / sizeof(int));
    }
    return received;
}

// MARK: The child, between fork and exec: async-signal-safe calls only

static _Noreturn void give_up(int outcome, int stage) {
    struct baton_launch_failure failure = {.stage = stage, .error = errno};
    ssize_t written = write(outcome, &failure, sizeof failure);
    (void)written;
    _exit(127);
}

/// Sources and targets may overlap: first all move out of the way, then each
/// to its place. dup2(2) clears CLOEXEC; all that stays behind has it.
static int place_descriptors(const struct baton_launch *launch, int *outcome) {
    int moved[BATON_DESCRIPTORS_MAX];
    int above = 3;
    for (int i = 0; i < launch->descriptor_count; i++)
        if (launch->targets[i] >= above) above = launch->targets[i] + 1;
    if ((*outcome = fcntl(*outcome, F_DUPFD_CLOEXEC, above)) < 0) return -1;
    for (int i = 0; i < launch->descriptor_count; i++)
        if ((moved[i] = fcntl(launch->descriptors[i], F_DUPFD_CLOEXEC, above)) < 0) return -1;
    for (int i = 0; i < launch->descriptor_count; i++)
        if (dup2(moved[i], launch->targets[i]) < 0) return -1;
    return 0;
}

/// Default dispositions, empty mask: nothing of the guardian's own. The system
/// call itself, since glibc's sigaction(3) refuses the two signals that it keeps
/// for threads, and some launchers leave those ignored. All zero is SIG_DFL
/// without flags, whatever the order of the kernel's fields.
static void restore_signals(void) {
    static const unsigned long standard[8];
    for (int number = 1; number < NSIG; number++)
        syscall(SYS_rt_sigaction, number, standard, NULL, (NSIG - 1) / 8);
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
}

/// As execvp(3): the first candidate that runs; a file without permission is
/// passed over but remembered; a file without a known format goes to the shell.
static void exec_first(const struct baton_launch *launch, char **shell_arguments) {
    int refused = 0;
    for (char *const *candidate = launch->candidates; *candidate; candidate++) {
        execve(*candidate, launch->arguments, launch->environment);
        if (errno == ENOEXEC) {
            shell_arguments[1] = *candidate;
            execve("/bin/sh", shell_arguments, launch->environment);
        }
        if (errno == EACCES) refused = 1;
        else if (errno != ENOENT && errno != ENOTDIR) return;
    }
    errno = refused ? EACCES : ENOENT;
}

static _Noreturn void become(const struct baton_launch *launch, char **shell_arguments,
                             pid_t parent, int outcome) {
    // PR_SET_PDEATHSIG: "the parent death signal" comes when the *thread* that
    // forked ends; the guardian has one. If it ended before this line, so do we.
    prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
    if (getppid() != parent) _exit(127);
    setpgid(0, 0);
    // Here, not in the parent: the child must not read a terminal it hasn't yet.
    // SIGTTOU is still ignored, so that a group in the background may do this.
    if (launch->terminal >= 0) tcsetpgrp(launch->terminal, getpid());
    if (place_descriptors(launch, &outcome) < 0) give_up(outcome, baton_launch_setup);
    if (launch->directory && chdir(launch->directory) < 0) give_up(outcome, baton_launch_directory);
    restore_signals();
    exec_first(launch, shell_arguments);
    give_up(outcome, baton_launch_exec);
}

// MARK: The guardian's side of it

/// `sh FILE ARGUMENTS…` with room for the file, made before the fork.
static char **shell_arguments_of(char *const *arguments) {
    size_t count = 0;
    while (arguments[count]) count++;
    char **list = calloc(count + 2, sizeof *list);
    if (!list) return NULL;
    list[0] = "sh";
    for (size_t i = 1; i < count; i++) list[i + 1] = arguments[i];
    return list;
}

pid_t baton_launch_child(const struct baton_launch *launch, int *outcome) {
    int ends[2];
    if (launch->descriptor_count > BATON_DESCRIPTORS_MAX || !launch->arguments[0]) {
        errno = EINVAL;
        return -1;
    }
    char **shell_arguments = shell_arguments_of(launch->arguments);
    if (!shell_arguments) return -1;
    if (pipe2(ends, O_CLOEXEC) < 0) {
        free(shell_arguments);
        return -1;
    }
    pid_t parent = getpid();
    pid_t child = fork();
    if (child == 0) become(launch, shell_arguments, parent, ends[1]);
    int error = errno;
    free(shell_arguments);
    close(ends[1]);
    if (child < 0) {
        close(ends[0]);
        errno = error;
        return -1;
    }
    // Both sides do it, whoever comes first: a signal to the group must not
    // find it missing. EACCES after the child's exec is what that leaves.
    setpgid(child, child);
    *outcome = ends[0];
    return child;
}

int baton_reap(struct baton_reaped *reaped) {
    int status;
    pid_t pid;
    do pid = waitpid(-1, &status, WNOHANG | WUNTRACED);
    while (pid < 0 && errno == EINTR);
    if (pid < 0) return -1;
    if (pid == 0) return 0;
    reaped->pid = pid;
    if (WIFSTOPPED(status)) {
        reaped->kind = baton_reaped_stopped;
        reaped->value = WSTOPSIG(status);
    } else if (WIFSIGNALED(status)) {
        reaped->kind = baton_reaped_signalled;
        reaped->value = WTERMSIG(status);
    } else {
        reaped->kind = baton_reaped_exited;
        reaped->value = WEXITSTATUS(status);
    }
    return 1;
}

// MARK: Dispositions

static int dispose(int number, void (*handler)(int)) {
    struct sigaction action;
    memset(&action, 0, sizeof action);
    action.sa_handler = handler;
    return sigaction(number, &action, NULL);
}

int baton_default_signal(int number) { return dispose(number, SIG_DFL); }
int baton_ignore_signal(int number) { return dispose(number, SIG_IGN); }

int baton_signal_is_ignored(int number) {
    struct sigaction action;
    return sigaction(number, NULL, &action) == 0 && action.sa_handler == SIG_IGN;
}
