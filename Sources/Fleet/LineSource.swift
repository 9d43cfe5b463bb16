internal import Subprocess

/// Lines of a child process's output.
actor LineSource {
  private let chunks: SubprocessOutputSequence
  private var iterator: SubprocessOutputSequence.Iterator?
  private var waiting: [UInt8] = []
  private var searched = 0

  init(_ chunks: SubprocessOutputSequence) { self.chunks = chunks }

  /// The next line without its line break; `nil` at the end of the output.
  func next() async throws -> [UInt8]? {
    var iterator = self.iterator ?? chunks.makeAsyncIterator()
    defer { self.iterator = iterator }
    while true {
      if let end = waiting[searched...].firstIndex(of: UInt8(ascii: "\n")) {
        let line = Array(waiting[..<end])
        waiting.removeSubrange(...end)
        searched = 0
        return line
      }
      searched = waiting.count
      guard let chunk = try await iterator.next(isolation: #isolation) else { return nil }
      append(chunk.bytes)
    }
  }

  private func append(_ bytes: RawSpan) {
    waiting.reserveCapacity(waiting.count + bytes.byteCount)
    unsafe bytes.withUnsafeBytes { unsafe waiting.append(contentsOf: $0) }
  }
}

/// The last words of a child process on its standard error: what ssh or sudo has to say.
actor ErrorTail {
  private static let kept = 2000
  private var bytes: [UInt8] = []

  /// Reads to the end, so that the child never waits for its standard error to be read.
  func collect(_ chunks: SubprocessOutputSequence) async throws {
    for try await chunk in chunks {
      append(chunk.bytes)
      if bytes.count > Self.kept { bytes.removeFirst(bytes.count - Self.kept) }
    }
  }

  /// One line of printable text.
  var text: String {
    String(decoding: bytes, as: UTF8.self)
      .split(whereSeparator: \.isNewline).joined(separator: "; ")
      .filter { $0.unicodeScalars.allSatisfy { $0.properties.generalCategory != .control } }
  }

  private func append(_ span: RawSpan) {
    unsafe span.withUnsafeBytes { unsafe bytes.append(contentsOf: $0) }
  }
}
