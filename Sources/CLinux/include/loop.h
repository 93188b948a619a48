#ifndef CLINUX_LOOP_H
#define CLINUX_LOOP_H
#include <stddef.h>
#include <stdint.h>
#include <sys/epoll.h>

// What an event loop asks of Linux. Every function that can fail returns -errno, so that a caller
// needs one comparison and never reads errno after something else has changed it.

// `struct epoll_event` is packed on x86-64 and nowhere else, which Swift can't express.
struct loop_event {
    uint64_t token;
    uint32_t events;
};

int loop_create(void);
int loop_register(int epoll, int fd, uint32_t events, uint64_t token);
int loop_modify(int epoll, int fd, uint32_t events, uint64_t token);
int loop_unregister(int epoll, int fd);
// Takes what is there; waits for it up to `milliseconds` (0: never blocks). `max` is at most LOOP_EVENTS_MAX.
#define LOOP_EVENTS_MAX 256
int loop_take(int epoll, struct loop_event *out, int max, int milliseconds);

int loop_eventfd(void);
int loop_signal(int eventfd);

// Gives back to the kernel what the allocator holds and nobody uses.
void loop_release_memory(void);

// CLOCK_BOOTTIME in nanoseconds: it counts while the machine sleeps, and no one sets it.
int64_t loop_boottime(void);
int64_t loop_walltime(void);
int loop_timerfd(void);
// Fires at that moment, or at once if it is past.
int loop_arm(int timerfd, int64_t deadline);

// Not blocking, closed on exec.
int loop_accept(int listener);
ssize_t loop_receive(int fd, void *bytes, size_t count);
// Without SIGPIPE.
ssize_t loop_send(int fd, const void *bytes, size_t count);
ssize_t loop_send2(int fd, const void *first, size_t first_count, const void *second, size_t second_count);
int loop_set_option(int fd, int level, int name, int value);
// The value of an option that is a number; -errno.
int loop_option(int fd, int level, int name);
// Not blocking, closed on exec: what the flags of socket(2) do for sockets of our own.
int loop_adopt(int fd);
// 1 if the peer has closed its side or the connection is broken.
int loop_peer_left(int fd);
// 1 if the kernel asks whether the peer is still there, and nothing has been heard yet. TCP only.
int loop_peer_silent(int fd);
// Closing it sends a reset and drops what was not sent. For a socket whose peer doesn't read.
int loop_reset_on_close(int fd);
// Who connected a Unix socket; for another kind of socket -errno.
int loop_peer_owner(int fd, uint32_t *user, uint32_t *group, int32_t *process);
#endif
