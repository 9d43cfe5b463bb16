package import SystemPackage

/// Lines of a descriptor, read in large pieces, each within a bound of bytes and of time.
package struct LineReader {
  private let descriptor: FileDescriptor
  private var lines: LineSplitter
  private var buffer = [UInt8](repeating: 0, count: 1 << 16)

  /// - Parameters:
  ///   - descriptor: stays open for whoever opened it to close.
  ///   - longest: bytes of the longest line that is kept.
  package init(_ descriptor: FileDescriptor, longest: Int) {
    self.descriptor = descriptor
    lines = LineSplitter(longest: longest)
  }

  /// Bytes of the longest line that is kept.
  package var longest: Int {
    get { lines.longest }
    set { lines.longest = newValue }
  }

  /// Whether more has been read than was asked for.
  package var hasWaiting: Bool { lines.hasWaiting }

  /// The next line; `nil` at the end of the stream, where a line that breaks off in the middle is none.
  ///
  /// - Parameter deadline: for the whole line, however slowly it comes; `nil`: waits for ever.
  /// - Throws: `Errno`; `timedOut` when the time is over first. What has come by then is kept.
  package mutating func next(
    by deadline: ContinuousClock.Instant? = nil
  ) throws(Errno) -> LineSplitter.Line? {
    while true {
      if let line = lines.next() { return line }
      if deadline != nil, try !descriptor.waitToRead(until: deadline) { throw .timedOut }
      let count = try descriptor.readSome(into: &buffer)
      if count == 0 { return nil }
      lines.append(buffer[..<count])
    }
  }
}
