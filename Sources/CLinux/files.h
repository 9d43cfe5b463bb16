// Files and file systems.
#ifndef SEKISHO_LINUX_FILES_H
#define SEKISHO_LINUX_FILES_H

#include <fcntl.h>
#include <pthread.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <unistd.h>

// Waits until everything written to a file system is on its disk: syncfs(2).
static inline int sekisho_sync_file_system(int descriptor) {
  return (int)syscall(SYS_syncfs, descriptor);
}

static void *sekisho_sync_in_background(void *descriptor) {
  sekisho_sync_file_system((int)(intptr_t)descriptor);
  close((int)(intptr_t)descriptor);
  return NULL;
}

// The same on a thread of its own, which is not waited for: there is no call that only begins. Where it
// cannot be begun, nothing is lost: whoever needs the files on disk waits for them anyway.
static inline void sekisho_begin_sync_of_file_system(int descriptor) {
  const int copy = fcntl(descriptor, F_DUPFD_CLOEXEC, 0);
  if (copy < 0) return;
  pthread_t thread;
  if (pthread_create(&thread, NULL, sekisho_sync_in_background, (void *)(intptr_t)copy) == 0)
    pthread_detach(thread);
  else
    close(copy);
}

#endif
