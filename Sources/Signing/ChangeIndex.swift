/// What is signed: which host gets which ruleset, made of which inventory, and for how long that may be done.
///
/// A bundle's index says it of a fleet. A saved diff says it of the hosts that were looked at, and what was shown of each. A host
/// believes none of it that is not signed, where its owner asks for signatures.
package struct ChangeIndex: Hashable, Sendable {
  /// A guard of the inventory, which held when the index was made.
  package struct HeldGuard: Hashable, Sendable {
    package let name: String
    /// What it says, with the names of the inventory.
    package let statement: String
    /// The reason that the inventory gives for it.
    package let why: String?

    package init(name: String, statement: String, why: String? = nil) {
      self.name = name
      self.statement = statement
      self.why = why
    }
  }

  /// How hosts were reached when they were looked at.
  package enum Way: String, Hashable, Sendable {
    case local
    case lab
    case ssh
  }

  /// What was there when a host was looked at.
  package struct Shown: Hashable, Sendable {
    /// The boot and the network namespace that were looked at.
    package let place: String
    /// Digest of the table that was there; `nil`: there was none. With the ruleset it says the change.
    package let running: String?
    /// Digests of what other tables had, by title, as far as what was shown rests on it.
    package let others: [String: String]

    package init(place: String, running: String?, others: [String: String]) {
      self.place = place
      self.running = running
      self.others = others
    }
  }

  /// A host, and what it gets.
  package struct Host: Hashable, Sendable {
    package let name: String
    /// SHA-256 of the ruleset's file, in hexadecimal digits: of the table as ``Nftables/Table/fileJSON()``.
    package let ruleset: String
    /// By which a machine knows that it is the host.
    package let addresses: [String]
    /// `nil`: it was not looked at.
    package let shown: Shown?

    package init(name: String, ruleset: String, addresses: [String], shown: Shown? = nil) {
      self.name = name
      self.ruleset = ruleset
      self.addresses = addresses
      self.shown = shown
    }
  }

  /// Grows from one index to the next: a host takes none that is not greater than the one it has confirmed.
  package let revision: Int64
  /// When it was made, and the last moment at which a host takes it: seconds since 1970, UTC.
  package let made: Int64
  package let notAfter: Int64
  /// Digest of the inventory; `nil`: it was made of compiled rulesets.
  package let inventory: String?
  /// The commit that the inventory is at; `nil`: in no repository of git, or not as it was committed.
  package let git: String?
  package let guards: [HeldGuard]
  /// `nil`: no host was looked at.
  package let way: Way?
  /// In order of name.
  package let hosts: [Host]

  package init(
    revision: Int64, made: Int64, notAfter: Int64, inventory: String?, git: String?, guards: [HeldGuard],
    way: Way? = nil, hosts: [Host]
  ) {
    self.revision = revision
    self.made = made
    self.notAfter = notAfter
    self.inventory = inventory
    self.git = git
    self.guards = guards
    self.way = way
    self.hosts = hosts.sorted { $0.name < $1.name }
  }

  /// Revisions that can be: a number of seconds since 1970 is one.
  package static let possibleRevisions: ClosedRange<Int64> = 1...(1 << 53)
  /// For how long an index is good that says nothing else, in seconds.
  package static let usualTime: Int64 = 7 * 86_400

  package func host(_ name: String) -> Host? {
    var (low, high) = (0, hosts.count)
    while low < high {
      let middle = (low + high) / 2
      if hosts[middle].name < name { low = middle + 1 } else { high = middle }
    }
    return low < hosts.count && hosts[low].name == name ? hosts[low] : nil
  }
}
