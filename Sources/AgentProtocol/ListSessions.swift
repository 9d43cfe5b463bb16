package import Addressing

/// Which sessions go through this host, and what do the rules in force say of each? Reads only.
package struct ListSessions: AgentRequest, Codable {
  package static let name = "list-sessions"
  package typealias Reply = SessionList

  package init() {}
}

/// The sessions of a host, those together that differ in the client's port alone.
package struct SessionList: AgentMessage, Hashable, Codable {
  /// Sessions between the same ends.
  package struct Group: Hashable, Sendable, Codable {
    /// How they go through the host.
    package enum Way: String, Hashable, Sendable, Codable {
      case `in`, out, through
    }

    /// What the rules in force say of a session that would begin so.
    package enum State: String, Hashable, Sendable, Codable, CaseIterable {
      case denied, uncertain, allowed
    }

    package let way: Way
    package let ipProtocol: UInt8
    package let client: Address
    /// Whom the client asked, before translation.
    package let server: Address
    /// 0 where the protocol has no ports.
    package let port: UInt16
    /// Where it was led, if elsewhere.
    package let ledTo: Address?
    package let ledToPort: UInt16?
    package let state: State
    /// The comment of the rule that allows them: a flow, or what is always open.
    @BoundedWord private var rule: String
    @BoundedCount package private(set) var sessions: Int

    package var flow: String? { rule.isEmpty ? nil : rule }

    package init(
      way: Way, ipProtocol: UInt8, client: Address, server: Address, port: UInt16, ledTo: Address?,
      ledToPort: UInt16?, state: State, flow: String?, sessions: Int
    ) {
      self.way = way
      self.ipProtocol = ipProtocol
      self.client = client
      self.server = server
      self.port = port
      self.ledTo = ledTo
      self.ledToPort = ledToPort
      self.state = state
      rule = flow ?? ""
      self.sessions = sessions
    }
  }

  /// Those that are denied first, then those with the most sessions.
  @BoundedList package private(set) var groups: [Group]
  /// Sessions that are in no group: the host with itself, by rules that are not asked, or over.
  @BoundedCount package private(set) var exempt: Int
  /// Sessions of groups beyond the most that are told, and entries that could not be read.
  @BoundedCount package private(set) var untold: Int

  package init(groups: [Group], exempt: Int, untold: Int) {
    self.groups = groups
    self.exempt = exempt
    self.untold = untold
  }

  /// The most groups that are told.
  package static let most = 20_000
}

/// Ends sessions that are there. What the rules allow can be begun anew.
package struct EndSessions: AgentRequest, Codable {
  package static let name = "end-sessions"
  package static let isChange = true
  package typealias Reply = EndedSessions

  /// Those that this flow allows; with ``peer``, those of both. Without either, those that the rules deny.
  package let flow: String?
  /// Those that have this address at one end.
  package let peer: Address?

  package init(flow: String?, peer: Address?) {
    self.flow = flow
    self.peer = peer
  }
}

/// Sessions that were ended.
package struct EndedSessions: AgentMessage, Hashable, Codable {
  package let cut: CutReport

  package init(cut: CutReport) { self.cut = cut }
}
