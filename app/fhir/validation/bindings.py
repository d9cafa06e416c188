"""Required bindings that fhir.resources abbreviates ("+"), leaves out or states too narrowly.

All other required codes are the `enum_values` of its fields. The key is class and element.
http://hl7.org/fhir/R4/terminologies.html#strength
"""

from app.fhir.resource_types import RESOURCE_TYPES

_REQUEST_INTENT = (
    "proposal plan directive order original-order reflex-order filler-order instance-order option"
)
_OBSERVATION_STATUS = (
    "registered preliminary final amended corrected cancelled entered-in-error unknown"
)
_ENCOUNTER_STATUS = (
    "planned arrived triaged in-progress onleave finished cancelled entered-in-error unknown"
)
_COMPARATOR = "< <= >= >"
_ISSUE_TYPE = """
    invalid structure required value invariant security login unknown expired forbidden suppressed
    processing not-supported duplicate multiple-matches not-found deleted too-long code-invalid
    extension too-costly business-rule conflict transient lock-error no-store exception timeout
    incomplete throttled informational
"""
# http://hl7.org/fhir/R4/valueset-currencies.html: ISO 4217, with the funds codes it lists
_CURRENCIES = """
    AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BHD BIF BMD BND BOB BOV BRL BSD BTN BWP
    BYN BZD CAD CDF CHE CHF CHW CLF CLP CNY COP COU CRC CUC CUP CVE CZK DJF DKK DOP DZD EGP ERN ETB
    EUR FJD FKP GBP GEL GGP GHS GIP GMD GNF GTQ GYD HKD HNL HRK HTG HUF IDR ILS IMP INR IQD IRR ISK
    JEP JMD JOD JPY KES KGS KHR KMF KPW KRW KWD KYD KZT LAK LBP LKR LRD LSL LYD MAD MDL MGA MKD MMK
    MNT MOP MRU MUR MVR MWK MXN MXV MYR MZN NAD NGN NIO NOK NPR NZD OMR PAB PEN PGK PHP PKR PLN PYG
    QAR RON RSD RUB RWF SAR SBD SCR SDG SEK SGD SHP SLE SLL SOS SRD SSP STN SVC SYP SZL THB TJS TMT
    TND TOP TRY TTD TVD TWD TZS UAH UGX USD USN UYI UYU UYW UZS VED VEF VES VND VUV WST XAF XAG XAU
    XBA XBB XBC XBD XCD XDR XOF XPD XPF XPT XSU XTS XUA XXX YER ZAR ZMW ZWG ZWL
"""
_ANY_CODE = ""

BINDINGS: dict[str, frozenset[str]] = {
    element: frozenset(codes.split())
    for element, codes in {
        "Money.currency": _CURRENCIES,
        "Quantity.comparator": _COMPARATOR,
        "Age.comparator": _COMPARATOR,
        "Count.comparator": _COMPARATOR,
        "Distance.comparator": _COMPARATOR,
        "Duration.comparator": _COMPARATOR,
        "TimingRepeat.when": """
            MORN MORN.early MORN.late NOON AFT AFT.early AFT.late EVE EVE.early EVE.late NIGHT PHS
            HS WAKE C CM CD CV AC ACM ACD ACV PC PCM PCD PCV
        """,
        "Task.status": """
            draft requested received accepted rejected ready cancelled in-progress on-hold failed
            completed entered-in-error
        """,
        "Task.intent": f"unknown {_REQUEST_INTENT.replace('directive ', '')}",
        "OperationOutcomeIssue.code": _ISSUE_TYPE,
        "AuditEvent.action": "C R U D E",
        "AuditEvent.outcome": "0 4 8 12",
        "AuditEventAgentNetwork.type": "1 2 3 4 5",
        "CapabilityStatementRestResource.type": " ".join(RESOURCE_TYPES),
        "DetectedIssue.status": _OBSERVATION_STATUS,
        "DeviceUdiCarrier.entryType": "barcode rfid manual card self-reported unknown",
        "DeviceUseStatement.status": "active completed entered-in-error intended stopped on-hold",
        "DiagnosticReport.status": f"{_OBSERVATION_STATUS} partial appended",
        "Encounter.status": _ENCOUNTER_STATUS,
        "EncounterStatusHistory.status": _ENCOUNTER_STATUS,
        "Observation.status": _OBSERVATION_STATUS,
        "RiskAssessment.status": _OBSERVATION_STATUS,
        "QuestionnaireItem.type": """
            group display boolean decimal integer date dateTime time string text url choice
            open-choice attachment reference quantity
        """,
        "StructureMapGroupRuleTarget.transform": """
            create copy truncate escape cast append translate reference dateOp uuid pointer evaluate
            cc c qty id cp
        """,
        "SupplyRequest.status": """
            draft active suspended cancelled completed entered-in-error unknown
        """,
        # Extensible, or a media type: `code` alone decides.
        "Expression.language": _ANY_CODE,
        "CapabilityStatement.format": _ANY_CODE,
    }.items()
}
