import Glibc

/// Runs a shell command below this process, which holds a connection meanwhile, and ends as it does.
///
/// The command does not have the connection.
func run(_ command: String, below socket: Int32) -> Never {
  _ = fcntl(socket, F_SETFD, FD_CLOEXEC)
  let status = system(command)
  // WIFEXITED, WEXITSTATUS
  exit(status & 0x7f == 0 ? status >> 8 & 0xff : 128)
}
