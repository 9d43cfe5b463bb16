package import ConnectionDiff
package import ConnectionSpace
package import Lint

/// What a comparison found: objects host by host, and what that means for connections.
package struct FoundDifference {
  package let hosts: [HostDifference]
  /// `nil` where nothing is to be told: no host differs, only hosts differ that had no table, or it is not proven.
  package let meaning: ChangeMeaning?
  /// Why it is not known which connections open and close; the objects then have to do.
  package let notProven: NotProven?
  /// Hosts that nobody can log in to any more, those with a first ruleset among them; `nil`: none, or not proven.
  package let lockout: Lockout?
  /// What lint finds of flows that change on hosts, and of hosts that get a first ruleset.
  package let findings: [Finding]
  /// What there is to know beside what changes, of hosts with anything such.
  package let facts: [HostFacts]

  init(
    _ hosts: [HostDifference], findings: [Finding] = [], facts: [HostFacts] = [],
    lockout: (ChangeMeaning?) -> Lockout? = { $0?.diff.lockout },
    meaning: () throws(NotProven) -> ChangeMeaning?
  ) {
    self.hosts = hosts
    self.findings = findings
    self.facts = facts
    do throws(NotProven) {
      let found = try meaning()
      self.meaning = found
      self.lockout = lockout(found)
      notProven = nil
    } catch {
      self.meaning = nil
      self.lockout = lockout(nil)
      notProven = error
    }
  }
}
