internal import AgentProtocol
package import Enforcement

extension AgentServer {
  /// What is answered about a host: a request is one line here and one file beside this one.
  ///
  /// - Parameter version: of the tool.
  package init(_ host: LocalHost, version: String) {
    self.init()
    let ears = Ears()
    answerHello(version: version)
    answerStatus(host)
    answerLook(host)
    answerRead(host)
    answerApply(host)
    answerList(host)
    answerProbe()
    answerListen(ears)
    answerArrivals(ears)
    whileWaiting { ears.listen(until: $0, by: $1) }
  }
}
