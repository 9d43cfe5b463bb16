internal import Glibc

/// Pieces of a stream to lines, within a bound of memory.
///
/// Each byte is looked at once and copied a bounded number of times, however the stream comes in pieces.
package struct LineSplitter: Sendable {
  /// A line of the stream.
  package enum Line: Hashable, Sendable {
    /// Without its line break.
    case whole([UInt8])
    /// One that was longer than the bound. It was read to its end and forgotten.
    case tooLong
  }

  /// Bytes of the longest line that is kept, without its line break; what has come is held against it as it is
  /// taken.
  package var longest: Int
  /// What has come of the line that has no end yet; holds no line break.
  private var begun: [UInt8] = []
  private var isTooLong = false
  /// What has come and was not looked at.
  private var unread: [UInt8] = []
  private var position = 0

  /// - Parameter longest: bytes of the longest line that is kept, without its line break.
  package init(longest: Int) { self.longest = longest }

  /// Whether more has come than ``next()`` has given: lines, or the beginning of one.
  package var hasWaiting: Bool { position < unread.count || !begun.isEmpty || isTooLong }

  /// Whether the line that is coming is already longer than the bound.
  package var isPassingOver: Bool { isTooLong }

  /// Takes the next piece of the stream.
  package mutating func append(_ piece: some Collection<UInt8>) {
    // What was given is taken away when it is the larger part, so that no byte moves twice for one that goes.
    if position == unread.count {
      unread.removeAll(keepingCapacity: true)
      position = 0
    } else if position > unread.count / 2 {
      unread.removeSubrange(..<position)
      position = 0
    }
    unread += piece
  }

  /// The next line that has come to its end; `nil`: none has.
  package mutating func next() -> Line? {
    guard position < unread.count else { return nil }
    let end = lineBreak()
    let part = unread[position..<(end ?? unread.count)]
    if isTooLong || begun.count + part.count > longest {
      isTooLong = true
      begun = []
    } else {
      begun += part
    }
    position = end.map { $0 + 1 } ?? unread.count
    guard end != nil else { return nil }
    defer {
      begun = []
      isTooLong = false
    }
    return isTooLong ? .tooLong : .whole(begun)
  }

  /// Where the next line break is.
  private func lineBreak() -> Int? {
    unsafe unread.withUnsafeBytes { bytes -> Int? in
      guard let start = bytes.baseAddress,
        let found = unsafe memchr(start + position, Int32(UInt8(ascii: "\n")), bytes.count - position)
      else { return nil }
      return unsafe UnsafeRawPointer(found) - start
    }
  }
}
