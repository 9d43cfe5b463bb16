import Foundation
import Policy
import PolicyFixtures
import Rollout
import Testing

/// What holds at every instant of random changes.
@Suite struct InvariantTests {
  private static let now = Timestamp(seconds: 2000)

  /// `ROLLOUT_SEEDS=50` looks at more.
  @Test(arguments: 0..<12)
  func `no order of hosts cuts what stays or opens what is in neither`(part: Int) throws {
    let count = ProcessInfo.processInfo.environment["ROLLOUT_SEEDS"].flatMap { Int($0) } ?? 2
    for number in 0..<count { try check(UInt64(number * 12 + part)) }
  }

  /// A host that gets another address says nothing to itself that could stray.
  @Test(arguments: [54, 155, 190, 267, 305] as [UInt64])
  func `nothing is refused for what a host says to itself`(seed: UInt64) throws {
    let (old, new) = Self.policies(seed)
    _ = try Rollout(from: CompiledFleet(compiling: old), to: CompiledFleet(compiling: new), at: Self.now)
    try check(seed)
  }

  private func check(_ seed: UInt64) throws {
    let (old, new) = Self.policies(seed)
    let faults = try FleetInvariant.faults(old, new, at: Self.now, seed: seed)
    #expect((faults ?? []).isEmpty, "seed \(seed): \(faults ?? [])")
  }

  @Test func `most random changes have steps, and what has none says why`() {
    var (steps, refused) = (0, 0)
    for seed in 0..<120 as Range<UInt64> {
      let (old, new) = Self.policies(seed)
      do throws(NoSteps) {
        steps += try Rollout(
          from: CompiledFleet(compiling: old), to: CompiledFleet(compiling: new), at: Self.now
        ).steps.count
      } catch {
        #expect(error.reasons.allSatisfy { !$0.isEmpty })
        refused += 1
      }
    }
    #expect(steps > 100)
    #expect(refused > 0 && refused < 60)
    print("measured: \(steps) steps of 120 random changes, \(refused) of them refused")
  }

  private static func policies(_ seed: UInt64) -> (old: Policy, new: Policy) {
    let random = RandomPolicy(seed: seed)
    let old =
      switch seed % 3 {
      case 0: random.withTripwires
      case 1: random.withVirtuals(seed: seed)
      default: random.policy
      }
    let new = PolicyEdit.edited(old, seed: seed, count: 1 + Int(seed % 4))
    return seed % 5 == 0 ? (new, old) : (old, new)
  }
}
