/// What auditors ask for, by clause: what a report has of it, and what people have to add.
package enum Clauses {
  /// A clause with what there is to show; the words are ours, not the standard's.
  private struct Clause {
    let number: String
    let asks: String
    let shows: String
    let remains: String
    /// Whether what is shown is so on hosts that enforce, and on no others.
    let restsOnEnforcing: Bool

    init(
      _ number: String, _ asks: String, _ shows: String, _ remains: String, whereEnforced: Bool = false
    ) {
      (self.number, self.asks, self.shows, self.remains) = (number, asks, shows, remains)
      restsOnEnforcing = whereEnforced
    }
  }

  package static func chapter(_ enforcement: Enforcement) -> ReportChapter {
    ReportChapter(
      "clauses", "Clauses",
      lead: [
        "Evidence for those who judge, and no claim that a clause is met. The clauses are told in our words; theirs are what counts.",
        "Where something is said to be denied, or nothing else to pass: \(lowered(enforcement.sentence))",
      ],
      tables: [
        table("PCI DSS 4.0.1", pci, enforcement),
        table("ISO/IEC 27001:2022, Annex A", iso, enforcement),
        table("Japan: crypto-asset exchange service providers", japan, enforcement),
      ])
  }

  private static func lowered(_ text: String) -> String { text.prefix(1).lowercased() + text.dropFirst() }

  private static func table(_ caption: String, _ clauses: [Clause], _ enforcement: Enforcement) -> ReportTable
  {
    ReportTable(
      caption, ["clause", "asks for", "what is shown here", "what remains for people"],
      clauses.map { clause in
        let shows = clause.restsOnEnforcing ? "\(clause.shows) \(enforcement.sentence)" : clause.shows
        return .init([clause.number, clause.asks, shows, clause.remains])
      })
  }

  private static let pci = [
    Clause(
      "1.2.1", "standards for the rulesets of network security controls, applied and maintained",
      "The inventory is the standard that rulesets are compiled from; its digest and revision are above. Guards are standards that are judged at every compile.",
      "That the standard is the intended one, and covers devices that Sekisho does not manage."),
    Clause(
      "1.2.2", "changes to connections and rulesets approved by a process",
      "What opened and closed since a revision (--base), and each host's history with who, when and why, and whose signatures it counted.",
      "The approvals themselves where no signature was asked for: reviews of the repository, and tickets. What was changed on hosts that were not asked."
    ),
    Clause(
      "1.2.3", "an accurate diagram of connections to and within the environment",
      "The picture and the matrix of zones, drawn from the flows.",
      "Wireless and other networks outside of the inventory.", whereEnforced: true),
    Clause(
      "1.2.4", "a diagram of the flows of account data", "Every flow with its reason and owner.",
      "Which flows carry account data."),
    Clause(
      "1.2.5", "services, protocols and ports that are allowed are known, approved and needed",
      "Allowed connections: each with service, ports, reason, owner and ticket; nothing else passes.",
      "That the reasons are good ones.", whereEnforced: true),
    Clause(
      "1.2.6", "insecure services have their own safeguards",
      "Which services are allowed, from whom and to whom.",
      "Which of them are insecure, and what makes up for that."),
    Clause(
      "1.2.7", "rulesets are reviewed every six months",
      "This document with its date, and the change since the last one (--base); flows that nobody has used (sekisho usage --unused).",
      "The review, and its record."),
    Clause(
      "1.2.8", "configuration files are protected, and as what is in force",
      "Drift of each host that was asked: whether the kernel has what was confirmed.",
      "Who may write to the repository and log in to hosts."),
    Clause(
      "1.3.1", "inbound traffic to the cardholder environment is limited to what is needed",
      "Default deny of what comes in, the flows to its zones, and guards (`never`, `only`).",
      "Which zones are the environment.", whereEnforced: true),
    Clause(
      "1.3.2", "outbound traffic from it is limited to what is needed",
      "Default deny of what goes out, the flows from its zones.", "Which zones are the environment.",
      whereEnforced: true),
    Clause(
      "1.4.1", "controls stand between trusted and untrusted networks",
      "The row and column of what is outside in the matrix; each host filters for itself.",
      "Which networks are trusted, and devices that are not hosts.", whereEnforced: true),
    Clause(
      "1.4.2", "from untrusted networks only what is meant to be public is reached, and answers",
      "Flows from networks, how far somebody outside gets, crown jewels by hops from outside.",
      "Which hosts are meant to be public."),
    Clause(
      "11.4.5", "segmentation is tested at least once a year",
      "That no way leads there by rules (guards, crown jewels). Packets are tried by sekisho probe.",
      "The test by somebody independent, with its method and findings."),
    Clause(
      "11.4.6", "the same every six months, for service providers", "As 11.4.5.", "As 11.4.5."),
  ]

  private static let iso = [
    Clause(
      "A.8.20", "networks are secured, managed and controlled",
      "The policy of each host, default deny, what changed and by whom.",
      "Networks and devices beside hosts.",
      whereEnforced: true),
    Clause(
      "A.8.21", "mechanisms and requirements of network services are known and watched",
      "Services with protocol and ports, who may use them and why; use and denials of hosts that were asked.",
      "Agreements with who provides them."),
    Clause(
      "A.8.22", "groups of services, users and systems are separated",
      "Zones, the matrix between them, guards that say what must stay apart, crown jewels by hops.",
      "Whether the zones are the right ones."),
  ]

  private static let japan = [
    Clause(
      "Cabinet Office Order on Crypto-Asset Exchange Service Providers, art. 27",
      "users' crypto-assets are kept, but for a small part, by means that are not connected to the internet at all times",
      "Hosts and zones marked as crown jewels, guards `isolated` and `never` about them, everybody who gets to them by hops.",
      "What is kept where; devices that are on no network are in no inventory but by name."),
    Clause(
      "FSA administrative guidelines, vol. 3, 16 (crypto-asset exchange service providers): leakage of crypto-assets",
      "the environment that holds keys is separated, access is limited, and intrusion is noticed",
      "The ways to crown jewels, guards, tripwires and quarantine, denied connections of hosts that were asked.",
      "Custody of keys, several signers, people and premises; the paragraphs that apply in the current text."),
    Clause(
      "JVCEA self-regulatory rules on the management of users' property",
      "rules of the association on how wallets are separated and managed",
      "As above.", "The rules that apply to the member, and its own rules."),
  ]
}
