package import AgentProtocol
package import Machine
internal import Netlink
internal import NftablesNetlink
internal import SystemPackage

// Errors of the kernel with their parts kept: object, element, number, words, remedy.

extension AgentFailure {
  init(_ error: NetlinkError) {
    var code = Code.failed
    var number: KernelErrno?
    var message = "\(error)"
    if case .failed(let errno, let doing, let extended) = error {
      if errno == .perm || errno == .access { code = .notPermitted }
      number = errno
      message = "cannot \(doing): \(extended.map { "\($0): " } ?? "")\(errno.message)"
    }
    self.init(code, message, errno: number.map { ErrorNumber($0) }, remedy: error.remedy)
  }

  init(_ error: ReadError) {
    switch error {
    case .netlink(let cause): self.init(cause)
    case .unsettled:
      self.init(.moved, "the ruleset changes faster than it can be read", remedy: error.remedy)
    case .message: self.init(.failed, "\(error)", remedy: error.remedy)
    }
  }

  init(_ error: CommitError) {
    switch error {
    case .netlink(let cause): self.init(cause)
    case .moved: self.init(.moved, "\(error)", remedy: "look again")
    case .refused(let refusals):
      if let first = refusals.first {
        self.init(first, others: refusals.count - 1, remedy: error.remedy)
      } else {
        self.init(.refused, "\(error)")
      }
    case .unencodable(let object, let reason): self.init(.refused, "\(reason)", object: object)
    case .discarded, .uncertain: self.init(.failed, "\(error)", remedy: error.remedy)
    }
  }

  private init(_ refusal: KernelRefusal, others: Int, remedy: String?) {
    let words = refusal.extended.map { "; the kernel says \"\($0)\"" } ?? ""
    let more = others > 0 ? "; and it refused \(others) more" : ""
    self.init(
      refusal.code == .perm ? .notPermitted : .refused, refusal.reason + words + more, object: refusal.object,
      element: refusal.element, errno: ErrorNumber(refusal.code), remedy: remedy)
  }

  package init(_ failure: SystemFailure) {
    self.init(
      .failed, failure.message, object: failure.object,
      errno: ErrorNumber(KernelErrno(rawValue: failure.errno.rawValue)))
  }
}

extension AgentFailure.ErrorNumber {
  init(_ code: KernelErrno) { self.init(number: code.rawValue, name: code.name) }
}
