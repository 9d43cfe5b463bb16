internal import FoundationEssentials
package import HostState

/// One thing that happened on a host.
package struct AuditEntry: Hashable, Sendable, Codable {
  /// Seconds since 1970, UTC, by this machine's clock.
  package let time: Int64
  package let by: Actor
  /// In a word: `armed`, `extended`, `confirmed`, `ended`, `booted`, `stopped`, `resumed`, `fallback`, `restored`, `cut`,
  /// `quarantined`, `released`, `opened`, `closed`, `accepted`.
  package let event: String
  package let revision: RevisionNumber?
  /// How, by what or for how long.
  package let detail: String?
  /// When it ends by itself: seconds since 1970, UTC.
  package let until: Int64?
  package let why: String?

  package init(
    time: Int64, by: Actor, event: String, revision: RevisionNumber? = nil, detail: String? = nil,
    until: Int64? = nil, why: String? = nil
  ) {
    self.until = until
    self.time = time
    self.by = by
    self.event = event
    self.revision = revision
    self.detail = detail
    self.why = why
  }

  package init(_ event: AuditEvent, time: Int64, by: Actor, why: String? = nil) {
    switch event {
    case .armed(let number, let seconds):
      self.init(time: time, by: by, event: "armed", revision: number, detail: "\(seconds) s", why: why)
    case .extended(let number, let seconds):
      self.init(time: time, by: by, event: "extended", revision: number, detail: "\(seconds) s", why: why)
    case .confirmed(let number, let confirmation):
      self.init(
        time: time, by: by, event: "confirmed", revision: number, detail: confirmation.rawValue, why: why)
    case .ended(let number, let end):
      self.init(time: time, by: by, event: "ended", revision: number, detail: end.rawValue, why: why)
    case .booted(let number): self.init(time: time, by: by, event: "booted", revision: number, why: why)
    case .fallback(let reason): self.init(time: time, by: by, event: "fallback", detail: reason, why: why)
    case .restored(let number, let reason):
      self.init(time: time, by: by, event: "restored", revision: number, detail: reason, why: why)
    case .cut(let sessions, let meant):
      self.init(time: time, by: by, event: "cut", detail: "\(sessions) of \(meant)", why: why)
    case .quarantined(let peers, let until):
      let names = peers.joined(separator: ", ")
      self.init(
        time: time, by: by, event: "quarantined", detail: until == nil ? "\(names) until released" : names,
        until: until, why: why)
    case .released(let peers):
      self.init(time: time, by: by, event: "released", detail: peers.joined(separator: ", "), why: why)
    case .opened(let flow, let until, let ticket):
      let asked = ticket.map { " (ticket \($0))" } ?? ""
      self.init(time: time, by: by, event: "opened", detail: flow + asked, until: until, why: why)
    case .closed(let flow, let end):
      self.init(time: time, by: by, event: "closed", detail: "\(flow), \(end.rawValue)", why: why)
    case .accepted(let number, let approved):
      let words = approved.by.isEmpty ? "" : ", approved by \(approved.by.joined(separator: ", "))"
      self.init(
        time: time, by: by, event: "accepted", revision: number, detail: "index \(approved.index)\(words)",
        why: why)
    case .resumed(let number, let end):
      self.init(time: time, by: by, event: "resumed", revision: number, detail: end.rawValue, why: why)
    case .stopped(let until):
      self.init(
        time: time, by: by, event: "stopped", detail: until == nil ? "for good" : nil, until: until, why: why)
    }
  }
}

/// A log in which each line holds the digest of the line before: who changes or removes one in the middle breaks
/// every line behind it. It shows what was written in by hand, not what was written anew from the beginning: for that
/// the last digest has to be known elsewhere.
package struct AuditChain: Hashable, Sendable {
  /// Bytes; half of it is kept when it gets longer.
  static let longest = 16 << 20

  private struct Line: Codable {
    let number: Int
    /// SHA-256 of the line before, without its line break; empty for the first.
    let before: String
    let entry: AuditEntry
  }

  /// Without line breaks.
  private let lines: [ArraySlice<UInt8>]
  /// Whether the last line was cut off, as by a power cut.
  private let isTorn: Bool

  init(_ bytes: [UInt8]) {
    lines = bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: true)
    isTorn = bytes.last.map { $0 != UInt8(ascii: "\n") } ?? false
  }

  /// What can be read of it, the oldest first.
  package var entries: [AuditEntry] { lines.compactMap { Self.read($0)?.entry } }

  /// The digest that the next line will hold; to be kept elsewhere.
  package var tip: String { lines.last.map { HostStore.digest($0) } ?? "" }

  /// Where the chain does not hold, in words; empty: it does, as far back as it is kept.
  package var faults: [String] {
    var faults: [String] = []
    var before: (number: Int, digest: String)?
    for (index, bytes) in lines.enumerated() {
      let digest = HostStore.digest(bytes)
      guard let line = Self.read(bytes) else {
        let isLast = index == lines.count - 1
        faults.append("line \(index + 1) cannot be read" + (isLast && isTorn ? ": it was cut off" : ""))
        before = (before?.number ?? 0, digest)
        before?.number += 1
        continue
      }
      if let before {
        if line.before != before.digest {
          faults.append(
            "line \(index + 1) does not follow the one before it: something was changed or removed")
        } else if line.number != before.number + 1 {
          faults.append("line \(index + 1) is number \(line.number), not \(before.number + 1)")
        }
      } else if line.number == 1, !line.before.isEmpty {
        faults.append("line 1 follows a line that is not there")
      }
      before = (line.number, digest)
    }
    return faults
  }

  /// A line to add, with its line break.
  func line(_ entry: AuditEntry) -> [UInt8] {
    let last = lines.last.flatMap { Self.read($0)?.number } ?? lines.count
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    let line = Line(number: last + 1, before: tip, entry: entry)
    // Texts and numbers are always JSON.
    let bytes = Array((try? encoder.encode(line)) ?? Data())
    return (isTorn ? [UInt8(ascii: "\n")] : []) + bytes + [UInt8(ascii: "\n")]
  }

  /// What stays when it got too long.
  var newerHalf: [UInt8] {
    Array(lines.suffix(lines.count / 2).joined(separator: [UInt8(ascii: "\n")])) + [UInt8(ascii: "\n")]
  }

  private static func read(_ bytes: ArraySlice<UInt8>) -> Line? {
    try? JSONDecoder().decode(Line.self, from: Data(bytes))
  }
}
