internal import Glibc

/// What has to be there before the program knows what it is to do.
package enum Surroundings {
  /// Ends the program where no command line is to be had: Swift reads it from `/proc`, and takes it for empty, or traps,
  /// in a directory of chroot(8) that has none. `apply` would then do nothing and say nothing of it.
  package static func require() {
    if unsafe access("/proc/self/cmdline", R_OK) == 0 { return }
    let told = """
      error: /proc is not there, and with it what was to be done; mount it (mount -t proc proc /proc)

      """
    for byte in told.utf8 {
      var byte = byte
      _ = unsafe write(STDERR_FILENO, &byte, 1)
    }
    _exit(1)
  }
}
