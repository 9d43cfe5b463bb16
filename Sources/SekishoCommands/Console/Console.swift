internal import Diagnostics
internal import Glibc
internal import Machine
internal import SystemPackage

/// Where a command writes: data to standard output, messages to standard error.
///
/// Colour is used where a terminal reads it that knows more than text (`TERM` is not `dumb`), and where
/// `CLICOLOR_FORCE` asks for it; neither counts beside `NO_COLOR` or `--no-color`.
///
/// Lines and messages quote what hosts, kernels and files say. Whoever controls one of those must not
/// move the cursor of the operator's terminal, hide a line of a diff or write one of his own: control,
/// bidirectional and invisible characters are shown as code points, an end of a line among them. A message is
/// one line.
struct Console: Sendable {
  /// Whether standard output may be coloured.
  let colour: Bool
  /// Whether standard error may be coloured.
  let messageColour: Bool
  /// Of the terminal that standard output is; `nil`: it is none, or does not say.
  let columns: Int?
  /// The same of standard error.
  let messageColumns: Int?
  /// Whether messages beyond errors are wanted.
  let quiet: Bool
  let verbose: Bool

  init(noColour: Bool, quiet: Bool, verbose: Bool) {
    let isForced = ![nil, "0"].contains(Environment.variable("CLICOLOR_FORCE"))
    let isDumb = Environment.variable("TERM") == "dumb"
    func isColoured(_ descriptor: Int32) -> Bool {
      if noColour || Environment.variable("NO_COLOR") != nil { return false }
      return isForced || !isDumb && isatty(descriptor) == 1
    }
    colour = isColoured(STDOUT_FILENO)
    messageColour = isColoured(STDERR_FILENO)
    columns = Terminal.columns(.standardOutput)
    messageColumns = Terminal.columns(.standardError)
    self.quiet = quiet
    self.verbose = verbose
  }

  /// Writes data to standard output, whole.
  func write(_ bytes: [UInt8]) throws { try writeAll(bytes, to: .standardOutput) }

  /// Writes a line of a service to standard output: where nobody reads it any more, or takes it in time, that is a failure. A
  /// service that waits for its reader does nothing else.
  func write(line bytes: [UInt8]) throws {
    do throws(Errno) { try FileDescriptor.standardOutput.writeWhole(bytes, by: .now + .seconds(10)) } catch {
      throw UnwrittenOutput(errno: error)
    }
  }

  /// Writes a message to standard error unless `--quiet`.
  func message(_ text: String) {
    if !quiet { tell(Self.shown(text)) }
  }

  /// Writes text to standard error as it is.
  func raw(_ text: String) { try? writeAll(Array(text.utf8), to: .standardError) }

  /// Whether whoever sits at standard input says yes.
  func confirms(_ question: String) -> Bool {
    raw("\(question) [y/N] ")
    return ["y", "yes"].contains(readLine()?.lowercased() ?? "")
  }

  /// Whether whoever sits at standard input types a text.
  func hears(_ text: String, _ question: String) -> Bool {
    raw("\(Self.shown(question)) ")
    return readLine() == text
  }

  /// Writes a message to standard error under `--verbose`.
  func detail(_ text: String) {
    if verbose { message(text) }
  }

  /// Writes an error to standard error, always.
  func error(_ text: String) {
    let label = messageColour ? "\u{1b}[1;31merror:\u{1b}[0m" : "error:"
    tell("\(label) \(Self.shown(text))")
  }

  private func tell(_ line: String) {
    raw(LineWrap.wrapped(line, columns: messageColumns, indent: 2) + "\n")
  }

  /// Text as a terminal may get it, in one line and with nothing of it obeyed.
  static func shown(_ text: String) -> String {
    text.utf8.allSatisfy { (0x20..<0x7f).contains($0) } ? text : SafeText.escaped(text)
  }
}

/// Output could not be written, for instance because the reader of a pipe has gone.
struct UnwrittenOutput: Error, CustomStringConvertible {
  let errno: Errno
  var description: String { "cannot write the output: \(errno)" }
}

/// Ends as a program ends whose reader has had enough, as in `sekisho … | head`: by the signal, without a
/// word.
private func endWithPipe() {
  signal(SIGPIPE, SIG_DFL)
  raise(SIGPIPE)
}

private func writeAll(_ bytes: [UInt8], to descriptor: FileDescriptor) throws {
  do throws(Errno) {
    try descriptor.writeWhole(bytes)
  } catch {
    if error == .brokenPipe, descriptor == .standardOutput { endWithPipe() }
    throw UnwrittenOutput(errno: error)
  }
}
