// Processes and their namespaces.
#ifndef SEKISHO_LINUX_PROCESSES_H
#define SEKISHO_LINUX_PROCESSES_H

#include <linux/membarrier.h>
#include <linux/memfd.h>
#include <linux/sched.h>
#include <signal.h>
#include <spawn.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

// Moves the calling thread into a network namespace: setns(2) with CLONE_NEWNET.
static inline int sekisho_enter_network_namespace(int descriptor) {
  return (int)syscall(SYS_setns, descriptor, CLONE_NEWNET);
}

// Waits until whatever any processor was doing in the kernel by RCU is done, packets that pass rules among it: membarrier(2)
// with MEMBARRIER_CMD_GLOBAL.
static inline int sekisho_wait_for_readers(void) { return (int)syscall(SYS_membarrier, MEMBARRIER_CMD_GLOBAL, 0, 0); }

// A descriptor that stays with one process even when its number is given away: pidfd_open(2).
static inline int sekisho_open_process(pid_t process) {
  return (int)syscall(SYS_pidfd_open, process, 0);
}

// pidfd_send_signal(2).
static inline int sekisho_signal_process(int descriptor, int signal_number) {
  return (int)syscall(SYS_pidfd_send_signal, descriptor, signal_number, (void *)0, 0);
}

// A file in memory alone, closed on execution: memfd_create(2).
static inline int sekisho_memory_file(const char *name) { return (int)syscall(SYS_memfd_create, name, MFD_CLOEXEC); }

// Closes every descriptor from one on: close_range(2).
static inline int sekisho_close_from(unsigned int first) {
  return (int)syscall(SYS_close_range, first, ~0u, 0);
}

// Has a program started with nothing open from a descriptor on: glibc 2.34, which declares it for _GNU_SOURCE alone.
static inline int sekisho_start_closed_from(posix_spawn_file_actions_t *actions, int first) {
  extern int posix_spawn_file_actions_addclosefrom_np(posix_spawn_file_actions_t *, int);
  return posix_spawn_file_actions_addclosefrom_np(actions, first);
}

// Calls this thread by a name of at most 15 bytes: PR_SET_NAME, prctl(2).
static inline int sekisho_name_thread(const char *name) { return prctl(PR_SET_NAME, name, 0, 0, 0); }

// environ(7); the variable itself cannot be named from concurrency-checked Swift.
static inline char **sekisho_environment(void) {
  extern char **environ;
  return environ;
}

#endif
