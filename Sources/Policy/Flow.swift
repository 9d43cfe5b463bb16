public import Diagnostics

/// A moment as whole seconds since 1970-01-01T00:00:00Z.
public struct Timestamp: Hashable, Comparable, Sendable, CustomStringConvertible {
  public let seconds: Int64

  public init(seconds: Int64) { self.seconds = seconds }

  /// As the inventory writes it: `2027-03-31T18:00:00Z`.
  public var description: String {
    func padded(_ number: Int64, _ width: Int = 2) -> String {
      let digits = String(number)
      return String(repeating: "0", count: max(0, width - digits.utf8.count)) + digits
    }
    // Rounded down, of whatever number a host may tell.
    let rest = seconds % 86_400
    let days = seconds / 86_400 - (rest < 0 ? 1 : 0)
    let time = rest < 0 ? rest + 86_400 : rest
    // Years that begin in March end with the leap day; 400 of them are 146,097 days.
    let era = (days + 719_468 >= 0 ? days + 719_468 : days + 719_468 - 146_096) / 146_097
    let dayOfEra = days + 719_468 - era * 146_097
    let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let monthFromMarch = (5 * dayOfYear + 2) / 153
    let day = dayOfYear - (153 * monthFromMarch + 2) / 5 + 1
    let month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9
    let year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
    return "\(padded(year, 4))-\(padded(month))-\(padded(day))"
      + "T\(padded(time / 3600)):\(padded(time / 60 % 60)):\(padded(time % 60))Z"
  }

  public static func < (a: Self, b: Self) -> Bool { a.seconds < b.seconds }
}

/// Index of a flow in ``Policy/flows``; flows are sorted by name.
public struct FlowID: Hashable, Comparable, Sendable {
  public let index: Int

  public init(_ index: Int) { self.index = index }

  public static func < (a: Self, b: Self) -> Bool { a.index < b.index }
}

/// Two ends of a flow: each of `from` may ask each of `to`.
public struct FlowPart: Hashable, Sendable {
  public let from: PeersID
  public let to: PeersID

  public init(from: PeersID, to: PeersID) {
    self.from = from
    self.to = to
  }
}

/// A permission: from, to, service, and why. There is no other way to allow anything.
public struct Flow: Hashable, Sendable {
  public let name: String
  /// What it allows, each part by itself and nothing between them: one, or one for each of ``per``. Not empty.
  public let parts: [FlowPart]
  /// Its `from` and `to` as they are written. With ``per`` they are wider than what it allows: for names alone.
  public let written: FlowPart
  /// The groups, zones and hosts that both ends are narrowed to, one after the other; empty: to none.
  public let per: [String]
  /// Not empty, ascending.
  public let services: [ServiceID]
  public let why: String
  public let owner: String?
  public let ticket: String?
  /// The first moment at which the flow is closed, judged by the kernel; `nil`: open until removed.
  public let until: Timestamp?
  public let location: SourceLocation

  /// A flow of one part.
  public init(
    name: String, from: PeersID, to: PeersID, services: [ServiceID], why: String, owner: String?,
    ticket: String?, until: Timestamp?, location: SourceLocation
  ) {
    let part = FlowPart(from: from, to: to)
    self.init(
      name: name, parts: [part], written: part, per: [], services: services, why: why, owner: owner,
      ticket: ticket, until: until, location: location)
  }

  public init(
    name: String, parts: [FlowPart], written: FlowPart, per: [String], services: [ServiceID], why: String,
    owner: String?, ticket: String?, until: Timestamp?, location: SourceLocation
  ) {
    precondition(!parts.isEmpty, "a flow has a part")
    self.name = name
    self.parts = parts
    self.written = written
    self.per = per
    self.services = services
    self.why = why
    self.owner = owner
    self.ticket = ticket
    self.until = until
    self.location = location
  }

  /// The peers at its ends.
  package var ends: Set<PeersID> { Set(parts.flatMap { [$0.from, $0.to] }) }

  /// Whether it allows nothing any more.
  package func hasEnded(_ now: Timestamp) -> Bool { until.map { $0 <= now } ?? false }
}
