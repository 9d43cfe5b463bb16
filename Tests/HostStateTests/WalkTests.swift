import HostState
import Testing

/// Every state that commands, failures, deaths, expiries and reboots lead to, walked.
@Suite struct WalkTests {
  private static let token = "digest of the token"
  private static let actor = Actor(user: "root", invokedBy: "ada", from: "192.0.2.7")

  /// What an operator may ask for.
  private enum Command: CaseIterable {
    case arm, adopt, confirm, confirmByHand, guess, extend, rollBack, stop, stopForGood, start, boot, restore

    func script(in world: World) -> Script? {
      let revision = Revision(
        number: world.disk.last.next, digest: "d", time: 0, by: actor, why: nil, meaning: "")
      switch self {
      case .arm:
        return try? world.disk.arm(
          revision, token: token, seconds: 60, in: world.place, kernel: world.kernel)
      case .adopt: return try? world.disk.adopt(revision, in: world.place, kernel: world.kernel)
      case .confirm: return try? world.disk.confirm(token: token, in: world.place, kernel: world.kernel)
      case .confirmByHand:
        return try? world.disk.confirm(token: nil, in: world.place, kernel: world.kernel)
      case .guess: return try? world.disk.confirm(token: "", in: world.place, kernel: world.kernel)
      case .extend: return try? world.disk.extend(seconds: 90, in: world.place, kernel: world.kernel)
      case .rollBack: return try? world.disk.rollBack(in: world.place, kernel: world.kernel)
      case .stop: return try? world.disk.stop(.init(until: 600, by: actor, why: nil), kernel: world.kernel)
      // By hand, without one.
      case .boot: return world.disk.trial == nil ? Script(world.disk.boot()) : nil
      case .restore: return try? world.disk.restore(because: "gone", kernel: world.kernel)
      case .stopForGood:
        return try? world.disk.stop(.init(until: nil, by: actor, why: nil), kernel: world.kernel)
      case .start: return try? world.disk.start(kernel: world.kernel)
      }
    }

    /// The revision that somebody answers for from here on.
    func wanted(in world: World) -> RevisionNumber? {
      switch self {
      case .adopt: world.disk.last.next
      case .confirm, .confirmByHand: world.disk.trial?.revision
      default: nil
      }
    }
  }

  /// The worlds in which a script may leave a host: whole, dead before any of its steps, refused by the kernel.
  private func outcomes(of script: Script, in start: World) -> [World] {
    var worlds: [World] = []
    var world = start
    for step in script.steps {
      worlds.append(world)
      if step.isTransaction {
        // Whoever asked is told that it was refused.
        var refused = world
        refused.promised = nil
        let after = outcomes(of: Script(script.whenRefused), in: refused)
        #expect(after.last?.disk.confirmed == start.disk.confirmed, "a refused \(step) changes what boots")
        worlds += after
      }
      let complaint = world.take(step)
      #expect(complaint == nil, "\(step) in \(start)")
      #expect(world.fault == nil, "\(step) in \(start)")
    }
    worlds.append(world)
    return worlds
  }

  private func next(_ world: World) -> [World] {
    var worlds: [World] = []
    let isFull = world.disk.last.rawValue == 3
    for command in Command.allCases where !isFull || command != .arm && command != .adopt {
      // Whoever commands has recovered first.
      guard world.recovery.isEmpty,
        let script = command.script(in: world)
      else { continue }
      #expect(command != .guess, "an empty token confirms a trial")
      var start = world
      if let wanted = command.wanted(in: world) { start.wanted.insert(wanted) }
      worlds += outcomes(of: script, in: start)
    }
    worlds += outcomes(of: Script(world.recovery), in: world)
    var expired = world
    expired.expire()
    worlds.append(expired)
    if world.disk.stop?.until != nil {
      var later = world
      later.isStopOver = true
      worlds.append(later)
    }
    var flushed = world
    flushed.flush()
    worlds.append(flushed)
    var idle = world
    idle.makeIdle()
    worlds.append(idle)
    if world.boot < 3 {
      var booted = world
      booted.reboot()
      worlds += outcomes(of: Script(booted.disk.boot()), in: booted)
    }
    return worlds
  }

  @Test func `whatever fails or dies, the confirmed rules or those of a running trial judge`() {
    var known: Set<World> = []
    // Somebody may have loaded rules without Sekisho, and lose the table at any time.
    var waiting = [World(), .loadedByHand]
    var steps = 0
    while let world = waiting.popLast() {
      guard known.insert(world).inserted else { continue }
      let after = next(world)
      steps += after.count
      waiting += after
      // Recovery may die at any step and be taken again; in the end it rests.
      var rested = world
      for step in world.recovery { _ = rested.take(step) }
      #expect(rested.restingFault == nil, "\(rested.restingFault ?? "") after \(world)")
      #expect(rested.recovery.isEmpty, "\(world)")
      if world.isStopOver, !world.isArmed, let confirmed = rested.disk.confirmed {
        #expect(
          rested.table == .enforcing(confirmed), "a stop that is over leaves \(rested.table) after \(world)")
      }
      var booted = world
      booted.reboot()
      for step in booted.disk.boot() { _ = booted.take(step) }
      for step in booted.recovery { _ = booted.take(step) }
      let fault = booted.restingFault ?? booted.bootedFault
      #expect(fault == nil, "\(fault ?? "") after a boot of \(world)")
      if !Self.isSound(known.count) { return }
    }
    print("walked \(known.count) states of a host, \(steps) ways between them")
    #expect(known.count > 500)
  }

  private static func isSound(_ count: Int) -> Bool {
    #expect(count < 2_000_000, "the walk does not end")
    return count < 2_000_000
  }
}
