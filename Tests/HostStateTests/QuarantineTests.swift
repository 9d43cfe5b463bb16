import Addressing
import HostState
import Testing

/// How long somebody is still cut off, whatever clocks do.
@Suite struct QuarantineTests {
  private static func entry(_ seconds: Int64?) -> HostState.Quarantine {
    HostState.Quarantine(
      Address(.ipv4, 0x0a00_0007), host: "web-1", since: 1_700_000_000, sinceBoot: 500, place: "boot-1:net",
      seconds: seconds, by: Actor(user: "root"), why: "a shell")
  }

  struct Case: CustomTestStringConvertible {
    let testDescription: String
    let sinceBoot: Int64
    let place: String
    let left: Int64
  }

  static let cases = [
    Case(testDescription: "at once", sinceBoot: 500, place: "boot-1:net", left: 600),
    Case(testDescription: "later", sinceBoot: 560, place: "boot-1:net", left: 540),
    Case(testDescription: "over", sinceBoot: 1100, place: "boot-1:net", left: 0),
    Case(testDescription: "long over", sinceBoot: 9500, place: "boot-1:net", left: 0),
    Case(testDescription: "another namespace of that boot", sinceBoot: 560, place: "boot-1:other", left: 540),
    Case(testDescription: "after a boot", sinceBoot: 20, place: "boot-2:net", left: 580),
    Case(testDescription: "over behind a boot", sinceBoot: 600, place: "boot-2:net", left: 0),
    Case(testDescription: "no clock that can be", sinceBoot: .min, place: "boot-2:net", left: 600),
  ]

  @Test(arguments: cases) func `what is left of its time is kept rather than given away`(it: Case) {
    #expect(Self.entry(600).left(sinceBoot: it.sinceBoot, in: it.place) == it.left)
    #expect(Self.entry(nil).left(sinceBoot: it.sinceBoot, in: it.place) == nil)
  }

  @Test(arguments: [Int64.min, -1, 0, 1, .max]) func `any number that a file says is a time`(seconds: Int64) {
    for moment in [Int64.min, -1, 0, 1_700_000_000, .max] {
      let left = Self.entry(seconds).left(sinceBoot: moment, in: "boot-2:net")
      #expect(left.map { $0 >= 0 && $0 <= max(0, seconds) } == true)
    }
  }
}
