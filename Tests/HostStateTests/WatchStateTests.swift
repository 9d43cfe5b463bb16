import HostState
import Testing

/// What a watch says and does of what it finds.
@Suite struct WatchStateTests {
  private static let one = RevisionNumber(rawValue: 1)
  private static let two = RevisionNumber(rawValue: 2)
  private static let stop = HostState.Stop(until: nil, by: Actor(user: "root"), why: nil)
  private static let nft = ChangeHint(program: "nft", process: 12, cgroup: nil)
  private static let gone = Sight.deviates(one, Deviation(.gone), left: nil)
  private static let altered = Sight.deviates(
    one, Deviation(.altered, [.init(.added, "rule", "input", "accept")]), left: nil)

  /// A look, when it is taken, and what follows.
  private struct Look {
    let sight: Sight
    let second: Int
    let acts: [WatchAct]

    init(_ sight: Sight, at second: Int = 0, _ acts: WatchAct...) {
      self.sight = sight
      self.second = second
      self.acts = acts
    }
  }

  private static func told(
    _ sight: Sight, _ consequence: WatchSaying.Consequence
  ) -> WatchAct {
    guard case .deviates(let number, let deviation, _) = sight else { return .say(.found(sight)) }
    return .say(.deviates(number, deviation, by: [nft], consequence))
  }

  private func follow(
    _ looks: [Look], restores: Bool, _ outcome: RestoreOutcome = .restored(.init(operations: 3, sessions: 0))
  ) {
    var state = WatchState(restores: restores)
    for (index, look) in looks.enumerated() {
      let now = Duration.seconds(look.second)
      let acts = state.see(look.sight, by: [Self.nft], at: now)
      #expect(acts == look.acts, "look \(index)")
      for case .restore(let number) in acts { _ = state.settle(outcome, of: number, at: now) }
    }
  }

  @Test func `what is found is said once, and again when it is another`() {
    let found: [Sight] = [
      .nothingConfirmed(trial: nil), .nothingConfirmed(trial: Self.one), .asConfirmed(Self.one, trial: nil),
      .asConfirmed(Self.one, trial: Self.two), .asConfirmed(Self.two, trial: nil),
      .stopped(Self.stop, left: nil),
      .unknown("the disk is gone", .fallback), .unknown("the disk is gone", .gone),
      .asConfirmed(Self.two, trial: nil),
    ]
    for restores in [false, true] {
      follow(found.flatMap { [Look($0, .say(.found($0))), Look($0)] }, restores: restores)
    }
  }

  @Test func `a table that is not as it was confirmed is told, and put back where that is asked for`() {
    follow(
      [
        Look(Self.gone, Self.told(Self.gone, .told)), Look(Self.gone),
        Look(Self.altered, Self.told(Self.altered, .told)),
        Look(.asConfirmed(Self.one, trial: nil), .say(.found(.asConfirmed(Self.one, trial: nil)))),
        Look(Self.altered, Self.told(Self.altered, .told)),
      ], restores: false)
    follow(
      [
        // The rules come before the words.
        Look(Self.gone, .restore(Self.one), Self.told(Self.gone, .restoring)),
        // That it stands again was said when it was put back.
        Look(.asConfirmed(Self.one, trial: nil)),
      ], restores: true)
  }

  @Test func `a fourth time within ten minutes it is left, and stays so`() {
    follow(
      [
        Look(Self.gone, at: 0, .restore(Self.one), Self.told(Self.gone, .restoring)),
        Look(Self.altered, at: 300, .restore(Self.one), Self.told(Self.altered, .restoring)),
        Look(Self.gone, at: 599, .restore(Self.one), Self.told(Self.gone, .restoring)),
        // The first is ten minutes ago.
        Look(Self.gone, at: 600, .restore(Self.one), Self.told(Self.gone, .restoring)),
        Look(Self.gone, at: 899, Self.told(Self.gone, .givenUp)), Look(Self.gone, at: 900),
        Look(.asConfirmed(Self.one, trial: nil), at: 950, .say(.found(.asConfirmed(Self.one, trial: nil)))),
        Look(Self.gone, at: 9000, Self.told(Self.gone, .givenUp)),
      ], restores: true)
  }

  @Test func `what cannot be put back is tried for ever, ever more slowly, and is said once`() {
    var state = WatchState(restores: true)
    var now = Duration.zero
    for (number, pause) in [1, 2, 4, 8, 16, 32, 60, 60, 60].enumerated() {
      let acts = state.see(Self.gone, by: [Self.nft], at: now)
      #expect(acts.first == .restore(Self.one))
      #expect(acts.dropFirst() == (number == 0 ? [Self.told(Self.gone, .restoring)] : []))
      let again = WatchAct.lookAgain(milliseconds: UInt64(pause) * 1000)
      #expect(
        state.settle(.failed("refused"), of: Self.one, at: now)
          == (number == 0 ? [.say(.notRestored(Self.one, "refused"))] : []) + [again])
      // Whatever is heard meanwhile is no reason to try at once.
      #expect(
        state.see(Self.gone, by: [Self.nft], at: now + .milliseconds(500)) == [
          .lookAgain(milliseconds: UInt64(pause) * 1000 - 499)
        ])
      now += .seconds(pause)
    }
    #expect(state.see(Self.gone, by: [Self.nft], at: now) == [.restore(Self.one)])
    #expect(
      state.settle(.failed("no memory"), of: Self.one, at: now).first
        == .say(.notRestored(Self.one, "no memory")))
    now += .seconds(60)
    // None of them counts among those that somebody undoes.
    for _ in 0..<WatchState.mostRestores {
      #expect(state.see(Self.gone, by: [], at: now).first == .restore(Self.one))
      let restored = WatchSaying.Restored(operations: 3, sessions: 0)
      #expect(
        state.settle(.restored(restored), of: Self.one, at: now) == [.say(.restored(Self.one, restored))])
    }
    #expect(state.see(Self.gone, by: [Self.nft], at: now) == [Self.told(Self.gone, .givenUp)])
  }

  @Test func `what cannot be read of the books is said beside what is found, once`() {
    var state = WatchState(restores: true)
    #expect(state.see(damage: [], at: .zero) == [])
    #expect(state.see(damage: ["trial is damaged"], at: .zero) == [.say(.damaged(["trial is damaged"]))])
    #expect(state.see(damage: ["trial is damaged"], at: .zero) == [])
    #expect(state.see(damage: [], at: .zero) == [])
    #expect(state.see(damage: ["trial is damaged"], at: .zero) == [.say(.damaged(["trial is damaged"]))])
  }

  @Test(arguments: [RestoreOutcome.busy, .restored(.init(operations: 0, sessions: nil))])
  func `an attempt at which another command was ahead is none`(_ outcome: RestoreOutcome) {
    var state = WatchState(restores: true)
    for second in 0..<20 {
      #expect(state.see(Self.gone, by: [], at: .seconds(second)).first == .restore(Self.one))
      let acts = state.settle(outcome, of: Self.one, at: .seconds(second))
      #expect(acts == [.lookAgain(milliseconds: outcome == .busy ? 500 : 0)])
    }
  }

  @Test func `beside a trial it is put back when that is over`() {
    let during = Sight.deviates(Self.one, Deviation(.altered), left: 5000)
    let later = Sight.deviates(Self.one, Deviation(.altered), left: 3000)
    let after = Sight.deviates(Self.one, Deviation(.altered), left: nil)
    follow(
      [
        Look(during, .lookAgain(milliseconds: 5100), Self.told(during, .waiting)),
        Look(later, .lookAgain(milliseconds: 3100)),
        Look(after, .restore(Self.one), Self.told(after, .restoring)),
      ], restores: true)
    follow([Look(during, Self.told(during, .told)), Look(later), Look(after)], restores: false)
  }

  @Test(arguments: [false, true])
  func `a command that is at work is looked at again, and one that has died is told`(_ restores: Bool) {
    var state = WatchState(restores: restores)
    let again = WatchAct.lookAgain(milliseconds: 200)
    for round in 0..<3 {
      for _ in 1..<WatchState.patience { #expect(state.see(.unfinished, by: [], at: .zero) == [again]) }
      let acts: [WatchAct] =
        (round == 0 ? [.say(.found(.unfinished))] : []) + (restores ? [.leadOut] : []) + [again]
      #expect(state.see(.unfinished, by: [], at: .zero) == acts)
    }
    let found = Sight.asConfirmed(Self.one, trial: nil)
    #expect(state.see(found, by: [], at: .zero) == [.say(.found(found))])
    #expect(state.see(.unfinished, by: [], at: .zero) == [again])
  }

  @Test func `a stop whose time is over is ended where the table is put back`() {
    let during = Sight.stopped(Self.stop, left: 3000)
    let over = Sight.stopped(Self.stop, left: 0)
    let end: [WatchAct] = [.leadOut, .lookAgain(milliseconds: 5000)]
    var state = WatchState(restores: true)
    let again = WatchAct.lookAgain(milliseconds: 3100)
    #expect(state.see(during, by: [], at: .zero) == [.say(.found(during)), again])
    #expect(state.see(during, by: [], at: .zero) == [again])
    #expect(state.see(over, by: [], at: .zero) == end + [.say(.found(over))])
    #expect(state.settleLeadOut("refused") == [.say(.notLedOut("refused"))])
    #expect(state.see(over, by: [], at: .zero) == end && state.settleLeadOut("refused") == [])
    #expect(state.settleLeadOut("no space") == [.say(.notLedOut("no space"))])
    state = WatchState(restores: false)
    #expect(state.see(over, by: [], at: .zero) == [.say(.found(over))])
  }

  @Test func `many changes are counted, not each told`() {
    var state = WatchState(restores: false)
    var said = 0
    for _ in 0..<1000 {
      said += state.hear(["ip nat"], by: Self.nft, at: .zero).count + state.miss(at: .zero).count
    }
    #expect(said == WatchState.mostLines)
    #expect(state.count(at: .seconds(59)) == [])
    #expect(state.count(at: .seconds(60)) == [.say(.more(foreign: 2000 - said, own: 0))])
    #expect(state.count(at: .seconds(120)) == [])
    #expect(
      state.hear(["ip nat"], by: Self.nft, at: .seconds(121)) == [
        .say(.foreign(tables: ["ip nat"], by: Self.nft))
      ])
  }

  @Test func `where changes of the own table were not told, what is there is told in the end`() {
    var state = WatchState(restores: false)
    var said = 0
    for number in 0..<100 {
      let sight = Sight.deviates(
        Self.one, Deviation(.altered, [.init(.added, "rule", "input", "\(number)")]), left: nil)
      said += state.see(sight, by: [Self.nft], at: .zero).count
    }
    #expect(said == WatchState.mostLines)
    let acts = state.count(at: .seconds(60))
    #expect(acts == [.say(.more(foreign: 0, own: 100 - said)), .lookAgain(milliseconds: 0)])
    #expect(state.see(Self.gone, by: [Self.nft], at: .seconds(60)) == [Self.told(Self.gone, .told)])
  }

  @Test func `of many objects the first are told and the rest is counted`() {
    let objects = (0..<20).map { Deviation.Object(.added, "rule", "input", "\($0)") }
    let deviation = Deviation(.altered, objects)
    #expect(deviation.objects == Array(objects.prefix(Deviation.mostTold)))
    #expect(deviation.more == 20 - Deviation.mostTold)
    #expect(Deviation(.gone).more == 0)
  }
}
