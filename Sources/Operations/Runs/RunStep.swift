package import Nftables

/// A step of a run: the hosts that change in it, in order, each with the table that it has behind it.
///
/// An ordinary apply is one step. A change that must not cut what goes on being allowed is several: a step ends, on every host
/// of it, before the next begins.
package struct RunStep: Sendable {
  /// A host of a step.
  package struct Host: Sendable {
    package let name: String
    package let wanted: Table

    package init(name: String, wanted: Table) {
      self.name = name
      self.wanted = wanted
    }
  }

  package let hosts: [Host]

  package init(hosts: [Host]) { self.hosts = hosts }
}

/// What a run is of, as its journal keeps it: without the tables, which are told by their digests.
package struct RunPlan: Hashable, Sendable, Codable {
  /// A host of a step.
  package struct Host: Hashable, Sendable, Codable {
    package let name: String
    /// SHA-256 of the table that the host has behind the step, as its books have it.
    package let digest: String

    package init(name: String, digest: String) {
      self.name = name
      self.digest = digest
    }
  }

  /// What a host had when the run began.
  package struct Before: Hashable, Sendable, Codable {
    /// The confirmed revision; `nil`: nothing was ever confirmed.
    package let revision: Int?
    /// Of that revision.
    package let digest: String?
    /// The highest number that was given to a revision: those of the run have higher ones.
    package let last: Int
    /// Whether no rules judged: somebody had stopped the host, or nothing was ever confirmed.
    package let wasOpen: Bool

    package init(revision: Int?, digest: String?, last: Int, wasOpen: Bool) {
      self.revision = revision
      self.digest = digest
      self.last = last
      self.wasOpen = wasOpen
    }
  }

  package let steps: [[Host]]
  /// The names of the hosts that change, each in one wave.
  package let waves: [[String]]
  package let before: [String: Before]
  package let settings: RunSettings

  package init(steps: [[Host]], waves: [[String]], before: [String: Before], settings: RunSettings) {
    self.steps = steps
    self.waves = waves
    self.before = before
    self.settings = settings
  }

  /// Those of a wave that change in a step, in the order of the step.
  package func hosts(ofStep step: Int, wave: Int) -> [String] {
    let wave = Set(waves[wave])
    return steps[step].map(\.name).filter { wave.contains($0) }
  }

  /// The lowest level at which a host has what it has behind so many steps: in a step without it nothing changes.
  package func level(of host: String, behind steps: Int) -> Int {
    (self.steps.prefix(steps).lastIndex { $0.contains { $0.name == host } } ?? -1) + 1
  }

  /// What a host has at a level.
  ///
  /// - Returns: the digest of its table; `nil`: what it had when the run began.
  package func digest(of host: String, at level: Int) -> String? {
    let level = self.level(of: host, behind: level)
    return level == 0 ? nil : steps[level - 1].first { $0.name == host }?.digest
  }
}

/// How a run is carried out.
package struct RunSettings: Hashable, Sendable, Codable {
  /// For which hosts are on trial, in seconds; begins anew while a wave goes on.
  package var seconds: Int
  /// Hosts that are changed at once.
  package var concurrency: Int
  /// Hosts that may fail without the run going back.
  package var mostFailures: Int
  /// Program and arguments that judge a wave; empty: nobody does.
  package var check: [String]
  /// For which it may take its time, in seconds.
  package var checkSeconds: Int
  package var keepsSessions: Bool
  package var cutsNow: Bool
  package var why: String?
  package var meaning: String

  package init(
    seconds: Int, concurrency: Int = 16, mostFailures: Int = 0, check: [String] = [], checkSeconds: Int = 600,
    keepsSessions: Bool = false, cutsNow: Bool = false, why: String? = nil, meaning: String = ""
  ) {
    self.seconds = seconds
    self.concurrency = concurrency
    self.mostFailures = mostFailures
    self.check = check
    self.checkSeconds = checkSeconds
    self.keepsSessions = keepsSessions
    self.cutsNow = cutsNow
    self.why = why
    self.meaning = meaning
  }
}
