package import Addressing

extension HostState {
  /// A flow outside the rules that a host lets begin for a time, as the books have it.
  package struct Opened: Hashable, Sendable, Codable {
    /// One port and who may ask for it.
    package struct Door: Hashable, Sendable, Codable {
      /// `in`, `out` or `through`.
      package let way: String
      package let addresses: [Address]
      package let ipProtocol: UInt8
      package let port: UInt16

      package init(way: String, addresses: [Address], ipProtocol: UInt8, port: UInt16) {
        self.way = way
        self.addresses = addresses
        self.ipProtocol = ipProtocol
        self.port = port
      }
    }

    /// Who may ask whom for what, in the words of whoever opened it.
    package let from: String
    package let to: String
    package let service: String
    package let doors: [Door]
    /// When it began: seconds since 1970, UTC, and since the boot; and which boot it was.
    package let since: Int64
    package let sinceBoot: Int64
    package let place: String
    package let seconds: Int64
    package let by: Actor
    package let why: String
    package let ticket: String?

    package init(
      from: String, to: String, service: String, doors: [Door], since: Int64, sinceBoot: Int64, place: String,
      seconds: Int64, by: Actor, why: String, ticket: String?
    ) {
      self.from = from
      self.to = to
      self.service = service
      self.doors = doors
      self.since = since
      self.sinceBoot = sinceBoot
      self.place = place
      self.seconds = seconds
      self.by = by
      self.why = why
      self.ticket = ticket
    }

    /// The same without some of its doors; `nil`: none is left.
    package func without(_ closed: Set<Door>) -> Self? {
      let left = doors.filter { !closed.contains($0) }
      if left.isEmpty { return nil }
      return Self(
        from: from, to: to, service: service, doors: left, since: since, sinceBoot: sinceBoot, place: place,
        seconds: seconds, by: by, why: why, ticket: ticket)
    }

    /// Seconds that are left, 0 where it is over.
    ///
    /// A boot ends it: what clock there is ahead of the network may be behind, and whatever is open must not be open for longer.
    /// Another network namespace has not opened it.
    ///
    /// - Parameters:
    ///   - sinceBoot: seconds since the boot.
    ///   - place: the boot and the network namespace, as ``place`` has them.
    package func left(at sinceBoot: Int64, in place: String) -> Int64 {
      guard place == self.place else { return 0 }
      let passed = sinceBoot.subtractingReportingOverflow(self.sinceBoot)
      // What a file says may be any number.
      guard !passed.overflow, passed.partialValue >= 0, passed.partialValue < seconds else { return 0 }
      return seconds - passed.partialValue
    }
  }
}
