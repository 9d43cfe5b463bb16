internal import Machine
internal import Subprocess

/// Lines of a child process's output.
actor ChildLines {
  private let chunks: SubprocessOutputSequence
  private var iterator: SubprocessOutputSequence.Iterator?
  private var lines = LineSplitter(longest: 0)

  init(_ chunks: SubprocessOutputSequence) { self.chunks = chunks }

  /// The next line without its line break; `nil` at the end of the output.
  ///
  /// - Parameter longest: bytes of the longest line that is read; `tooLong` is given as soon as a line is.
  func next(atMost longest: Int) async throws -> LineSplitter.Line? {
    lines.longest = longest
    while true {
      if let line = lines.next() { return line }
      if lines.isPassingOver { return .tooLong }
      guard let chunk = try await chunk() else { return nil }
      lines.append(chunk)
    }
  }

  /// Reads to the end and forgets it.
  func drain() async throws {
    while try await chunk() != nil {}
  }

  private func chunk() async throws -> [UInt8]? {
    var iterator = self.iterator ?? chunks.makeAsyncIterator()
    defer { self.iterator = iterator }
    return try await iterator.next(isolation: #isolation).map { buffer in
      unsafe buffer.bytes.withUnsafeBytes { unsafe Array($0) }
    }
  }
}

/// The last words of a child process on its standard error: what ssh or sudo has to say.
actor ErrorTail {
  private static let kept = 2000
  private var bytes: [UInt8] = []

  /// Reads to the end, so that the child never waits for its standard error to be read.
  func collect(_ chunks: SubprocessOutputSequence) async throws {
    for try await chunk in chunks {
      unsafe chunk.bytes.withUnsafeBytes { unsafe bytes.append(contentsOf: $0) }
      if bytes.count > Self.kept { bytes.removeFirst(bytes.count - Self.kept) }
    }
  }

  /// One line of printable text.
  var text: String {
    String(decoding: bytes, as: UTF8.self)
      .split(whereSeparator: \.isNewline).joined(separator: "; ")
      .filter { $0.unicodeScalars.allSatisfy { $0.properties.generalCategory != .control } }
  }
}
