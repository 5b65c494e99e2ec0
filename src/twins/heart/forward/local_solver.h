/* local_solver.h - the arrival time at a corner of a tetrahedron from the times at its others.
 *
 * With e_a = x_a - x, M_ab = e_a' D^-1 e_b and u_a the times at the other corners,
 *
 *     t = min over l >= 0, sum l = 1 of   sum_a l_a u_a + sqrt(l' M l)
 *
 * Interior minimiser: C = adj(M), (te - u)' C (te - u) = det M, larger root, l ~ C (te - u).
 * With u measured from one of the corners (u_j = 0) the discriminant is det(M) (F - q), F the Gram
 * determinant of the face and q = w_jc d_b^2 - 2 g d_b d_c + w_jb d_c^2: no cancellation of large
 * numbers. The same for an edge: det(M2) (w_jb - d_b^2).
 *
 * w_pq = |x_p - x_q|^2 in the metric D^-1: six numbers hold a whole tetrahedron.
 * All functions are branch-free so that loops over LANES of them become vector code.
 */
#ifndef GM_HEART_FORWARD_LOCAL_SOLVER_H
#define GM_HEART_FORWARD_LOCAL_SOLVER_H

#include <math.h>

/* Through the edge (j, b): times 0 and d; w_j, w_b squared lengths to the target, w_jb between. */
static inline float gm_through_edge(float w_j, float w_b, float w_jb, float d)
{
    float m_jb = 0.5f * (w_j + w_b - w_jb);
    float det = w_j * w_b - m_jb * m_jb;
    float t = ((w_j - m_jb) * d + sqrtf(det * (w_jb - d * d))) / w_jb;
    float l_j = w_b * t - m_jb * (t - d), l_b = w_j * (t - d) - m_jb * t;
    return ((l_j >= 0) & (l_b >= 0)) ? t : INFINITY;
}

/* Through the face (j, b, c): times 0, d_b, d_c. */
static inline float gm_through_face(float w_j, float w_b, float w_c, float w_jb, float w_jc,
                                    float w_bc, float d_b, float d_c)
{
    float m_jb = 0.5f * (w_j + w_b - w_jb), m_jc = 0.5f * (w_j + w_c - w_jc);
    float m_bc = 0.5f * (w_b + w_c - w_bc);
    float c_jj = w_b * w_c - m_bc * m_bc, c_bb = w_j * w_c - m_jc * m_jc;
    float c_cc = w_j * w_b - m_jb * m_jb, c_jb = m_jc * m_bc - m_jb * w_c;
    float c_jc = m_jb * m_bc - m_jc * w_b, c_bc = m_jb * m_jc - m_bc * w_j;
    float r_j = c_jj + c_jb + c_jc, r_b = c_jb + c_bb + c_bc, r_c = c_jc + c_bc + c_cc;
    float det = w_j * c_jj + m_jb * c_jb + m_jc * c_jc;
    float g = 0.5f * (w_jb + w_jc - w_bc);
    float face = w_jb * w_jc - g * g;
    float q = w_jc * d_b * d_b - 2 * g * d_b * d_c + w_jb * d_c * d_c;
    float t = (r_b * d_b + r_c * d_c + sqrtf(det * (face - q))) / face;
    float l_j = t * r_j - c_jb * d_b - c_jc * d_c;
    float l_b = t * r_b - c_bb * d_b - c_bc * d_c;
    float l_c = t * r_c - c_bc * d_b - c_cc * d_c;
    return ((l_j >= 0) & (l_b >= 0) & (l_c >= 0)) ? t : INFINITY;
}

#endif
