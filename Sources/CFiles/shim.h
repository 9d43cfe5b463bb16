// System calls behind _GNU_SOURCE, which Swift's Glibc module is built without.
#ifndef SEKISHO_FILES_SHIM_H
#define SEKISHO_FILES_SHIM_H

#include <sys/syscall.h>
#include <unistd.h>

// Waits until everything written to a file system is on its disk: syncfs(2).
static inline int sekisho_sync_file_system(int descriptor) {
  return (int)syscall(SYS_syncfs, descriptor);
}

#endif
