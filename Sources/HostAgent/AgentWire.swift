internal import AgentProtocol
internal import Machine
internal import SystemPackage

/// The two descriptors that an agent speaks over.
final class AgentWire {
  private var lines: LineReader
  private let output: FileDescriptor
  private let patience: AgentServer.Patience

  init(_ input: FileDescriptor, _ output: FileDescriptor, _ patience: AgentServer.Patience) {
    lines = LineReader(input, longest: Bounds.requestHeader)
    self.output = output
    self.patience = patience
  }

  /// Whether more has been read than was asked for.
  var hasWaiting: Bool { lines.hasWaiting }

  /// The next line, or `tooLong`; `nil` at the end of the stream, or when nothing comes in time.
  func next(atMost longest: Int, by deadline: ContinuousClock.Instant) throws(AgentFailure) -> LineSplitter
    .Line?
  {
    lines.longest = longest
    do throws(Errno) {
      return try lines.next(by: deadline)
    } catch {
      if error == .timedOut { return nil }
      throw AgentFailure(.unreachable, "cannot read requests: \(error)")
    }
  }

  /// Writes lines, each with its line break.
  func write(_ lines: [[UInt8]]) throws(AgentFailure) {
    do throws(Errno) {
      for line in lines { try output.writeWhole(line + [UInt8(ascii: "\n")], by: .now + patience.idle) }
    } catch {
      throw AgentFailure(.unreachable, "cannot answer: \(error)")
    }
  }

  /// Writes an event and waits for the line that acknowledges it.
  func tell(_ event: [UInt8], of id: Int) throws(AgentFailure) {
    try write([event])
    switch try next(atMost: 256, by: .now + patience.event) {
    case .whole(let line)? where RequestReader.isGo(line, for: id): return
    case .some: throw AgentFailure(.badRequest, "an event was not acknowledged; nothing was done")
    case nil:
      throw AgentFailure(
        .timedOut, "nothing followed within \(patience.event.components.seconds) s; nothing was done")
    }
  }
}

extension LineSplitter.Line {
  /// `nil` of a line that was too long.
  var bytes: [UInt8]? { if case .whole(let bytes) = self { bytes } else { nil } }
}
