extension HostState {
  /// For how long nothing is enforced.
  package struct Stop: Hashable, Sendable, Codable {
    /// Seconds since 1970, UTC; `nil`: until somebody applies or starts again. A boot ends every stop that has a time.
    package let until: Int64?
    /// The same in seconds since the boot, which nobody sets: a clock that is set back makes no stop longer.
    package let sinceBoot: Int64?
    package let by: Actor
    package let why: String?
    /// The boot (random(4)) and network namespace that are stopped; `nil`: it is not known, and any may be.
    package let place: String?

    package init(
      until: Int64?, sinceBoot: Int64? = nil, by: Actor, why: String?, place: String? = nil
    ) {
      self.until = until
      self.sinceBoot = sinceBoot
      self.by = by
      self.why = why
      self.place = place
    }

    /// Whether it is another network namespace of the same boot that is stopped: two may have one state directory. Those of an
    /// earlier boot are gone, and what stopped them counts wherever it is found.
    package func isElsewhere(than place: String) -> Bool {
      self.place.map { BootPlace.isElsewhere($0, than: place) } ?? false
    }

    /// Seconds that are left by the clock that says less, 0 where it is over; `nil`: it has no time.
    ///
    /// - Parameters:
    ///   - now: seconds since 1970, UTC.
    ///   - sinceBoot: seconds since the boot.
    package func left(at now: Int64, sinceBoot: Int64) -> Int64? {
      guard let until else { return nil }
      let byWall = until.subtractingReportingOverflow(now)
      if byWall.overflow { return 0 }
      let byBoot = self.sinceBoot?.subtractingReportingOverflow(sinceBoot).partialValue
      return max(0, min(byWall.partialValue, byBoot ?? .max))
    }
  }

  /// Takes the rules away, for a time or for good. A trial goes with them, and a stop from before.
  package func stop(_ stop: Stop, kernel: KernelView) throws(HostStateRefusal) -> Script {
    if confirmed == nil, stop.until != nil || kernel.base == .none {
      throw .nothingToStop(hasRules: kernel.base != .none)
    }
    let over: [Step] = trial.map { [.removeTrial, .audit(.ended($0.revision, .rolledBack))] } ?? []
    // Whoever dies from here on, or cannot write down what he did, has left somebody who ends it.
    let keeping: [Step] = stop.until == nil ? [] : [.startKeeper]
    return Script(
      [.writeStop(stop)] + keeping + [.removeTable] + over
        + [.audit(.stopped(until: stop.until)), .tell(.stopped(until: stop.until))],
      whenRefused: [self.stop.map { .writeStop($0) } ?? .removeStop])
  }

  /// Puts back what was confirmed ahead of its time, or where the rules are gone without anybody having stopped the host.
  package func start(kernel: KernelView) throws(HostStateRefusal) -> Script {
    if stop != nil { return Script(resumption(.byHand)) }
    guard confirmed != nil, !kernel.isJudging else { throw .notStopped }
    return try restore(because: "nothing was enforced, though nobody had stopped the host", kernel: kernel)
  }

  /// What becomes of a stop once no trial runs.
  ///
  /// Rules that judge ahead of its time were made by somebody who began again, or whoever should have taken them away has died.
  /// Once its time is over nothing but what was confirmed will do: anybody may have made a table that denies nothing, or else.
  func afterStop(_ kernel: KernelView, isOver: Bool) -> [Step] {
    guard stop != nil else { return [] }
    if isOver { return resumption(.timeOver) }
    return kernel.isJudging ? [.removeStop, .audit(.resumed(nil, .rulesFound))] : []
  }

  private func resumption(_ end: StopEnd) -> [Step] {
    guard let confirmed else { return [.removeStop, .audit(.resumed(nil, end))] }
    return [
      .enforce(confirmed), .cut, .removeStop, .audit(.resumed(confirmed, end)), .tell(.resumed(confirmed)),
    ]
  }
}

/// Why a stop is over.
package enum StopEnd: String, Hashable, Sendable, Codable {
  /// Its time was over.
  case timeOver = "time-over"
  /// Somebody ended it.
  case byHand = "by-hand"
  /// There were rules that judge, ahead of its time.
  case rulesFound = "rules-found"
}
