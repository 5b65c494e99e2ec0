/* Who, when, where and with what: PS3.3 C.7.1.1, C.7.2.2, C.7.5.1, C.10.8. */
#include <cmath>

#include "ecg/dcm_item.h"

extern "C" {
#include "core/text.h"
#include "ecg/dcm_persons.h"
#include "ecg/dcm_value.h"
}

namespace gm_dcm
{

namespace
{

/* "Doe^John^^Dr." of the first group of characters that says anything, as "Doe, John, Dr.". */
std::string readable_name(const std::string &person)
{
    std::string name;
    for (const std::string &form : split(person, '=')) {
        for (std::string part : split(form, '^')) {
            size_t from = part.find_first_not_of(' '), to = part.find_last_not_of(' ');
            if (from == std::string::npos) continue;
            name += (name.empty() ? "" : ", ") + part.substr(from, to - from + 1);
        }
        if (!name.empty()) break;
    }
    return name;
}

gm_status read_physicians(file &f, gm_ecg *e)
{
    std::string all;
    for (size_t k = 0; k < GM_DCM_N_ROLES; k++) {
        const gm_dcm_role &role = gm_dcm_roles[k];
        DcmTagKey key((Uint16)(role.tag >> 16), (Uint16)(role.tag & 0xFFFF));
        for (const std::string &person : split(text_of(f, f.data, key).c_str(), '\\')) {
            std::string name = readable_name(person);
            if (name.empty()) continue;
            all += (all.empty() ? "" : "; ") + name;
            if (role.name) all += std::string(" (") + role.name + ")";
        }
    }
    return gm_ecg_set(&e->physician, all.c_str());
}

gm_status read_birth_date(gm_ecg *e, const OFString &text)
{
    char iso[GM_DCM_ISO_ROOM];
    if (text.empty()) return GM_OK;
    if (!gm_dcm_iso_of_dt(iso, text.c_str()))
        return gm_ecg_note(e, "the birth date \"%.40s\" is no date", text.c_str());
    return gm_ecg_set(&e->patient.birth_date, iso);
}

/* A quantity of the patient; 0 is what devices write where nobody typed it. */
gm_status read_quantity(file &f, gm_ecg *e, const DcmTagKey &key, double factor, double limit,
                        const char *what, double *out)
{
    OFString text = bare_text(f.data, key);
    double v;
    if (text.empty() || (gm_parse_real(text.c_str(), &v) && v == 0)) return GM_OK;
    if (!gm_parse_real(text.c_str(), &v) || !(v > 0 && v * factor <= limit))
        return gm_ecg_note(e, "the patient's %s \"%.20s\" is not plausible: left unknown", what,
                           text.c_str());
    *out = std::round(v * factor * 1e6) / 1e6; /* 1.13 m is 113 cm */
    return GM_OK;
}

gm_status read_patient(file &f, gm_ecg *e)
{
    const double tallest_cm = 300, heaviest_kg = 1000;
    gm_ecg_patient *p = &e->patient;
    GM_TRY(
        gm_ecg_set(&p->name, readable_name(text_of(f, f.data, DCM_PatientName).c_str()).c_str()));
    GM_TRY(gm_ecg_set(&p->id, text_of(f, f.data, DCM_PatientID).c_str()));
    GM_TRY(read_birth_date(e, bare_text(f.data, DCM_PatientBirthDate)));
    p->sex = gm_ecg_sex_of(bare_text(f.data, DCM_PatientSex).c_str());
    p->age_years = gm_dcm_age_years(bare_text(f.data, DCM_PatientAge).c_str());
    GM_TRY(read_quantity(f, e, DCM_PatientSize, 100, tallest_cm, "size in m", &p->height_cm));
    return read_quantity(f, e, DCM_PatientWeight, 1, heaviest_kg, "weight in kg", &p->weight_kg);
}

/* The acquisition's date and time; the zone of the whole file where it names none itself. */
gm_status read_acquired(file &f, gm_ecg *e)
{
    char iso[GM_DCM_ISO_ROOM];
    OFString text = bare_text(f.data, DCM_AcquisitionDateTime),
             zone = bare_text(f.data, DCM_TimezoneOffsetFromUTC);
    if (text.empty()) {
        text = bare_text(f.data, DCM_AcquisitionDate);
        if (!text.empty()) text += bare_text(f.data, DCM_AcquisitionTime);
    }
    if (text.empty()) return GM_OK;
    if (text.size() >= 14 && text.find_first_of("+-") == OFString_npos) text += zone;
    if (!gm_dcm_iso_of_dt(iso, text.c_str()))
        return gm_ecg_note(e, "the acquisition time \"%.40s\" is no date", text.c_str());
    return gm_ecg_set(&e->acquired, iso);
}

gm_status read_device(file &f, gm_ecg *e)
{
    OFString device = text_of(f, f.data, DCM_Manufacturer),
             model = text_of(f, f.data, DCM_ManufacturerModelName);
    if (!device.empty() && !model.empty()) device += " ";
    device += model;
    GM_TRY(gm_ecg_set(&e->device, device.c_str()));
    GM_TRY(gm_ecg_set(&e->device_id, text_of(f, f.data, DCM_DeviceSerialNumber).c_str()));
    return gm_ecg_set(&e->institution, text_of(f, f.data, DCM_InstitutionName).c_str());
}

gm_status read_comments(file &f, gm_ecg *e)
{
    static const DcmTagKey keys[] = {DCM_StudyDescription,  DCM_AdmittingDiagnosesDescription,
                                     DCM_SeriesDescription, DCM_AdditionalPatientHistory,
                                     DCM_PatientComments,   DCM_VisitComments};
    for (const DcmTagKey &key : keys) {
        std::string text = text_of(f, f.data, key).c_str();
        for (char &c : text)
            if (c == '\r' || c == '\f') c = '\n';
        for (const std::string &line : split(text, '\n'))
            GM_TRY(gm_ecg_add_comment(e, line.c_str()));
    }
    return GM_OK;
}

} // namespace

gm_status read_facts(file &f)
{
    gm_ecg *e = f.items[f.rhythm];
    GM_TRY(read_patient(f, e));
    GM_TRY(read_acquired(f, e));
    GM_TRY(read_device(f, e));
    GM_TRY(read_physicians(f, e));
    return read_comments(f, e);
}

} // namespace gm_dcm
