internal import Glibc
internal import SystemPackage

/// What a command writes to, where that is a terminal.
enum Terminal {
  /// How many columns a line has (ioctl_tty(2), `TIOCGWINSZ`); `nil`: it is no terminal, or does not know.
  static func columns(_ file: FileDescriptor) -> Int? {
    var size = winsize()
    guard unsafe ioctl(file.rawValue, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return nil }
    return Int(size.ws_col)
  }
}
