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
  /// Why it is not known whether somebody can log in; `nil`: it is.
  package let lockoutNotProven: NotProven?
  /// Logins that would be lost on running hosts that change.
  package var lostLogins: [LostLogin] = []
  /// What lint finds of flows that change on hosts, and of hosts that get a first ruleset.
  package let findings: [Finding]
  /// What is risky in what hosts let pass from now on that had no table; of the others ``meaning`` says it.
  package var risks: [Risk] = []
  /// Why that is not known; `nil`: it is.
  package var risksNotProven: NotProven?
  /// What there is to know beside what changes, of hosts with anything such.
  package let facts: [HostFacts]

  package init(
    _ hosts: [HostDifference], findings: [Finding] = [], facts: [HostFacts] = [],
    lockout: (ChangeMeaning?) throws(NotProven) -> Lockout? = { $0?.diff.lockout },
    meaning: () throws(NotProven) -> ChangeMeaning?
  ) {
    self.hosts = hosts
    self.findings = findings
    self.facts = facts
    var found: ChangeMeaning?
    do throws(NotProven) {
      found = try meaning()
      notProven = nil
    } catch { notProven = error }
    self.meaning = found
    do throws(NotProven) {
      self.lockout = try lockout(found)
      lockoutNotProven = nil
    } catch {
      self.lockout = nil
      lockoutNotProven = error
    }
  }
}
