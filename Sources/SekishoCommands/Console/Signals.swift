internal import Glibc

/// What signals do to the program.
package enum Signals {
  /// A broken pipe is an error of write(2), not the end: an agent that dies while it is spoken to has to be
  /// told as such, and so has a controller that has gone.
  package static func ignoreBrokenPipes() { signal(SIGPIPE, SIG_IGN) }
}
