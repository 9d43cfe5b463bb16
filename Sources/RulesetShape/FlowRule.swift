package import Nftables

extension Rule {
  /// The flow that the rule is for: it accepts, counts, and has the flow's name as its comment. Of what is always open and
  /// counted, its ``RuleNote``.
  package var acceptedFlow: String? {
    expressions.last == .verdict(.accept) && expressions.contains(.counter) ? comment : nil
  }

  /// The flow whose end the rule carries out.
  package var endedFlow: String? {
    guard let comment, comment.hasSuffix(FlowEnd.comment) else { return nil }
    return String(comment.dropLast(FlowEnd.comment.count))
  }

  /// The moment from which on the rule does not match, in seconds since 1970: `meta time < …`, in nanoseconds, network
  /// order.
  package var end: Int64? {
    var register: Register?
    for expression in expressions {
      switch expression {
      case .meta(.timeNanoseconds, let into): register = into
      case .compare(.less, let from, let value) where from == register && value.count == 8:
        let nanoseconds = value.reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        return Int64(nanoseconds / 1_000_000_000)
      default: break
      }
    }
    return nil
  }
}

/// How the end of a flow is written.
package enum FlowEnd {
  fileprivate static let comment = " has ended"

  /// The comment of a rule that ends what a flow let in.
  package static func comment(of flow: String) -> String { flow + comment }

  /// Until a moment, in seconds since 1970.
  package static func until(_ seconds: Int64) -> Statement { .match(.time, .less, moment(seconds)) }

  /// From a moment on, in seconds since 1970.
  package static func from(_ seconds: Int64) -> Statement { .match(.time, .greaterOrEqual, moment(seconds)) }

  /// Moments before 1970 have passed for every clock.
  private static func moment(_ seconds: Int64) -> Comparand { .time(seconds: UInt64(max(0, seconds))) }
}
