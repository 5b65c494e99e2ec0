/* anatomy.h - a human heart's two ventricles without anybody's images: shape, fibres, electrodes.
 *
 * LV: a truncated ellipsoid shell. RV: a crescent round its right-anterior side, another truncated
 * ellipsoid less the LV, its corners rounded. One flat base. Sizes scale with the volumes asked for.
 *
 * Defaults, end of diastole, adults: LV 140 mL, RV 150 mL (cardiovascular magnetic
 * resonance: means of healthy adults about 143 and 154 mL, Petersen 2017, J. Cardiovasc. Magn. Reson. 19:18); LV wall
 * 9.5 mm (6-10 mm normal, to 11 in men: Lang 2015, J. Am. Soc. Echocardiogr. 28:1), RV wall 3.5 mm (1-5 mm:
 * Lang 2015); LV axis 90 mm, from the middle of the base to the endocardial apex (adult cine MR: 80-100 mm).
 *
 * Frame (mm), as in DICOM: x to the patient's left, y to the back, z to the head; the origin is the
 * middle of the LV's base. The apex points to the left, front and down.
 */
#ifndef GM_HEART_ANATOMY_ANATOMY_H
#define GM_HEART_ANATOMY_ANATOMY_H

#include "core/threads.h"
#include "heart/anatomy/fibres.h"
#include "heart/case/case.h"

typedef struct {
    double edge_mm;    /* [0.5, 5] mean edge of the tets; default 2.5 */
    double lv_ml;      /* [30, 400] cavity up to the base plane; default 140 */
    double rv_ml;      /* [30, 500] default 150 */
    double wall_mm;    /* [4, 25] LV free wall; default 9.5 */
    double rv_wall_mm; /* [2, 12] default 3.5; see gm_anatomy.rv_wall_mm */
    double axis_mm;    /* [50, 140] default 90 */
    gm_fibre_angles angles;
} gm_anatomy_params;

gm_anatomy_params gm_anatomy_defaults(void);

enum { GM_TAG_LV = 1, GM_TAG_RV = 3 }; /* mesh->tags: by the nearer cavity */

typedef struct {
    gm_tetmesh *mesh; /* checked; with tags, fibres and sheets */
    gm_face_set lv_endo, rv_endo, base, epi;
    double electrodes_mm[GM_N_ELECTRODES][3];
    double lv_ml, rv_ml; /* cavities as meshed */
    double muscle_ml;
    /* As built: a wall thinner than GM_MESHER_WALL_EDGES edges would have holes, so it is made that
     * thick, outwards; then larger than asked for. Edges up to 2 mm are true to the default. */
    double rv_wall_mm;
} gm_anatomy;

/* params NULL: the defaults. GM_EINVAL with name, value, unit and range; also where the volumes do
 * not go together with axis and wall. */
gm_status gm_anatomy_build(gm_anatomy **out, const gm_anatomy_params *params, gm_threads *threads);
void gm_anatomy_destroy(gm_anatomy *a); /* NULL is allowed */

#endif
